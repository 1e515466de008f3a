"""What the browser is told to refuse."""

from flask import Flask, Response, request

from ssflow.web.site import current_site

CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    ]
)

_ALWAYS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_ONE_YEAR = "max-age=31536000; includeSubDomains"


def init_security_headers(app: Flask) -> None:
    """Put the headers on every answer of `app`."""
    app.after_request(_add_headers)


def _add_headers(response: Response) -> Response:
    headers = response.headers
    for name, value in _ALWAYS.items():
        if name not in headers:
            headers.add(name, value)
    if current_site().is_https:
        headers.setdefault("Strict-Transport-Security", _ONE_YEAR)
    if request.endpoint != "static":
        headers["Cache-Control"] = "no-store"
    return response
