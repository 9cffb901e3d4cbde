"""What only the controller knows: the blanks, by name, with what belongs in each.

Rule 1: a blank is a name of this table; the same ones stand in both languages of a document.
Rule 2: a blank is visible on paper, says who fills it in, and can be typed into in a browser.
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
    en: str
    fr: str

    def label(self, language: str) -> str:
        return {"en": self.en, "fr": self.fr}[language]


FIELDS: Final[dict[str, Field]] = {
    "controller": Field(
        "name, address and contact of the controller",
        "nom, adresse et coordonnées du responsable",
    ),
    "representative": Field(
        "joint controllers and representative, if any",
        "responsables conjoints et représentant, le cas échéant",
    ),
    "contact": Field(
        "contact for questions and rights (data-protection officer, if any)",
        "contact pour les questions et les droits (DPO, le cas échéant)",
    ),
    "legal-basis": Field("legal basis (Art. 6(1) GDPR)", "base légale (art. 6, § 1, RGPD)"),
    "interest": Field(
        "the legitimate interest, if that is the legal basis",
        "l'intérêt légitime poursuivi, si telle est la base légale",
    ),
    "objection": Field(
        "how the right to object is honoured, or the text that sets it aside",
        "modalités du droit d'opposition, ou texte qui permet de l'écarter",
    ),
    "recipients": Field(
        "who receives the counts: services, partners, the public",
        "destinataires des comptages : services, partenaires, public",
    ),
    "transfers": Field(
        "transfers outside the European Union: none, or which and with what safeguards",
        "transferts hors de l'Union européenne : aucun, ou lesquels et avec quelles garanties",
    ),
    "count-retention": Field(
        "how long the released counts are kept",
        "durée de conservation des comptages diffusés",
    ),
    "log-retention": Field(
        "how long technical logs and the ledger are kept",
        "durée de conservation des journaux techniques et du registre scellé",
    ),
    "processors": Field(
        "processors (Art. 28): installer, host, maintenance",
        "sous-traitants (art. 28) : installateur, hébergeur, mainteneur",
    ),
    "place": Field(
        "the places that are watched, with a plan of each camera's field of view",
        "lieux observés, avec un plan du champ de vision de chaque caméra",
    ),
    "layer2-address": Field(
        "where the longer notice can be read: web address, counter, telephone",
        "où lire la notice détaillée : adresse internet, guichet, téléphone",
    ),
    "necessity": Field(
        "why ticket data, counting mats, seat sensors or counts by hand do not do",
        "pourquoi billettique, tapis, capteurs de siège ou comptage manuel ne suffisent pas",
    ),
    "consultation": Field(
        "advice of the data-protection officer (Art. 35(2)); views of those concerned (Art. 35(9))",
        "avis du DPO (art. 35, § 2) ; avis des personnes concernées (art. 35, § 9)",
    ),
    "likelihood": Field("likelihood", "vraisemblance"),
    "severity": Field("severity", "gravité"),
    "decision": Field(
        "decision, name, date and signature",
        "décision, nom, date et signature",
    ),
    "reference": Field("number and dates of this record", "numéro et dates de cette fiche"),
    "site-security": Field(
        "security of the place: who may open the box, keys, network, passwords of the camera",
        "sécurité du site : accès au boîtier, clés, réseau, mots de passe de la caméra",
    ),
    "installer": Field(
        "who installed and checked the device: name, date and signature",
        "qui a installé et vérifié le dispositif : nom, date et signature",
    ),
}
