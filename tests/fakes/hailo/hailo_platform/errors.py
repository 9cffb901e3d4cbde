"""HailoRT's exceptions: the bindings raise a number, the package turns some into classes."""


class HailoRTException(Exception):  # noqa: N818  # HailoRT's name
    pass


class HailoRTStatusException(HailoRTException):
    """What the compiled part raises; its text is the number."""


class HailoRTTimeout(HailoRTException):
    pass


class HailoRTInvalidHEFException(HailoRTException):
    pass


class HailoRTHEFNotCompatibleWithDevice(HailoRTException):
    pass


class HailoRTInvalidOperationException(HailoRTException):
    pass


class HailoRTInvalidArgumentException(HailoRTException):
    pass


class HailoRTNotFoundException(HailoRTException):
    pass


class HailoRTNetworkGroupNotActivatedException(HailoRTException):
    pass


class HailoRTDriverOperationFailedException(HailoRTException):
    pass


CLASSES = {
    2: HailoRTInvalidArgumentException,
    4: HailoRTTimeout,
    6: HailoRTInvalidOperationException,
    26: HailoRTInvalidHEFException,
    36: HailoRTDriverOperationFailedException,
    61: HailoRTNotFoundException,
    69: HailoRTNetworkGroupNotActivatedException,
    93: HailoRTHEFNotCompatibleWithDevice,
}
NAMES = {
    8: "HAILO_INTERNAL_FAILURE",
    64: "HAILO_DRIVER_NOT_INSTALLED",
    73: "HAILO_DEVICE_IN_USE",
    74: "HAILO_OUT_OF_PHYSICAL_DEVICES",
    76: "HAILO_INVALID_DRIVER_VERSION",
    82: "HAILO_QUEUE_IS_FULL",
}


def exception_of(code: int) -> HailoRTException:
    """Make the exception that the package makes of a number."""
    if code in CLASSES:
        return CLASSES[code]("see hailort.log for more information")
    return HailoRTException(f"libhailort failed with error: {code} ({NAMES.get(code, 'HAILO')})")


def fail(code: int) -> None:
    raise exception_of(code) from HailoRTStatusException(str(code))
