"""What only the controller knows: the blanks, by name, with what belongs in each.

Rule 1: a blank is a name of this table; the same ones stand in both languages of a document.
Rule 2: an empty blank is visible on paper, says who fills it in and what with, and can be typed
into in a browser. A filled one bears its title only: what is published asks nobody for anything.
"""

from dataclasses import dataclass
from typing import Final

LANGUAGES: Final = ("fr", "en")
MARK: Final = {
    "en": "To be completed by the controller",
    "fr": "À compléter par le responsable de traitement",
}


@dataclass(frozen=True, slots=True)
class Field:
    title_en: str
    title_fr: str
    en: str
    fr: str

    def label(self, language: str) -> str:
        return {"en": self.en, "fr": self.fr}[language]

    def title(self, language: str) -> str:
        return {"en": self.title_en, "fr": self.title_fr}[language]


FIELDS: Final[dict[str, Field]] = {
    "controller": Field(
        "Controller",
        "Responsable de traitement",
        "name, address and contact of the controller",
        "nom, adresse et coordonnées du responsable",
    ),
    "representative": Field(
        "Joint controllers, representative",
        "Responsables conjoints, représentant",
        "joint controllers and representative, if any",
        "responsables conjoints et représentant, le cas échéant",
    ),
    "contact": Field(
        "Contact for questions and rights",
        "Contact pour les questions et les droits",
        "contact for questions and rights (data-protection officer, if any)",
        "contact pour les questions et les droits (DPO, le cas échéant)",
    ),
    "legal-basis": Field(
        "Legal basis",
        "Base légale",
        "legal basis (Art. 6(1) GDPR)",
        "base légale (art. 6, § 1, RGPD)",
    ),
    "interest": Field(
        "Legitimate interest",
        "Intérêt légitime poursuivi",
        "the legitimate interest, if that is the legal basis",
        "l'intérêt légitime poursuivi, si telle est la base légale",
    ),
    "objection": Field(
        "Right to object",
        "Droit d'opposition",
        "how the right to object is honoured, or the text that sets it aside",
        "modalités du droit d'opposition, ou texte qui permet de l'écarter",
    ),
    "recipients": Field(
        "Recipients of the counts",
        "Destinataires des comptages",
        "who receives the counts: services, partners, the public",
        "destinataires des comptages : services, partenaires, public",
    ),
    "transfers": Field(
        "Transfers outside the European Union",
        "Transferts hors de l'Union européenne",
        "transfers outside the European Union: none, or which and with what safeguards",
        "transferts hors de l'Union européenne : aucun, ou lesquels et avec quelles garanties",
    ),
    "count-retention": Field(
        "Released counts",
        "Comptages diffusés",
        "how long the released counts are kept",
        "durée de conservation des comptages diffusés",
    ),
    "log-retention": Field(
        "Technical logs and ledger",
        "Journaux techniques et journal chaîné",
        "how long technical logs and the ledger are kept",
        "durée de conservation des journaux techniques et du journal chaîné",
    ),
    "processors": Field(
        "Processors",
        "Sous-traitants",
        "processors (Art. 28): installer, host, maintenance",
        "sous-traitants (art. 28) : installateur, hébergeur, mainteneur",
    ),
    "place": Field(
        "Places that are watched",
        "Lieux observés",
        "the places that are watched, with a plan of each camera's field of view",
        "lieux observés, avec un plan du champ de vision de chaque caméra",
    ),
    "layer2-address": Field(
        "The longer notice",
        "La notice détaillée",
        "where the longer notice can be read: web address, counter, telephone",
        "où lire la notice détaillée : adresse internet, guichet, téléphone",
    ),
    "necessity": Field(
        "Necessity",
        "Nécessité",
        "why ticket data, counting mats, seat sensors or counts by hand do not do",
        "pourquoi billettique, tapis, capteurs de siège ou comptage manuel ne suffisent pas",
    ),
    "short-interval": Field(
        "Need for a shorter interval",
        "Nécessité d'un intervalle plus court",
        "why an interval of less than 20 minutes is needed",
        "pourquoi un intervalle de moins de 20 minutes est nécessaire",
    ),
    "measured-error": Field(
        "Measured error",
        "Erreur mesurée",
        "the error of the counts at this place: how it was measured, when, and the result",
        "l'erreur de comptage en ce lieu : comment elle a été mesurée, quand, et le résultat",
    ),
    "accessibility": Field(
        "Other ways to be informed",
        "Autres moyens d'information",
        "how people are informed who cannot read this notice: other languages, blind people",
        "information de qui ne peut pas lire la notice : autres langues, personnes aveugles",
    ),
    "staff": Field(
        "Staff in view",
        "Personnel dans le champ",
        "where staff is in view: its information, and the consultation of its representatives",
        "si du personnel est dans le champ : son information, la consultation du CSE",
    ),
    "consultation": Field(
        "Advice and views",
        "Avis",
        "advice of the data-protection officer (Art. 35(2)); views of those concerned (Art. 35(9))",
        "avis du DPO (art. 35, § 2) ; avis des personnes concernées (art. 35, § 9)",
    ),
    "likelihood": Field(
        "Likelihood",
        "Vraisemblance",
        "likelihood",
        "vraisemblance",
    ),
    "severity": Field(
        "Severity",
        "Gravité",
        "severity",
        "gravité",
    ),
    "decision": Field(
        "Decision",
        "Décision",
        "decision, name, date and signature",
        "décision, nom, date et signature",
    ),
    "review": Field(
        "Next review",
        "Prochain réexamen",
        "date of the next review (Art. 35(11))",
        "date du prochain réexamen (art. 35, § 11)",
    ),
    "reference": Field(
        "Number and dates of this record",
        "Numéro et dates de cette fiche",
        "number and dates of this record",
        "numéro et dates de cette fiche",
    ),
    "site-security": Field(
        "Security of the place",
        "Sécurité du site",
        "security of the place: who may open the box, keys, network, passwords of the camera",
        "sécurité du site : accès au boîtier, clés, réseau, mots de passe de la caméra",
    ),
    "installer": Field(
        "Installed and checked by",
        "Installé et vérifié par",
        "who installed and checked the device: name, date and signature",
        "qui a installé et vérifié le dispositif : nom, date et signature",
    ),
}
