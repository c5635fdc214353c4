"""What the SIP stack is told before it starts, and of each of our users."""

import socket

from baresip import Account, Config

from ringback.channels.sip.messages import Control


def free_port(host: str, port: int) -> int:
    """A port at which SIP can be heard: by UDP and TCP, and by TLS at the one behind it. Raises OSError."""
    address = host.strip("[]")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for left in range(20, 0, -1):
        with (
            socket.socket(family, socket.SOCK_DGRAM) as udp,
            socket.socket(family, socket.SOCK_STREAM) as tcp,
            socket.socket(family, socket.SOCK_STREAM) as tls,
        ):
            for stream in (tcp, tls):
                stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            udp.bind((address, port))
            found: int = udp.getsockname()[1]
            try:
                tcp.bind((address, found))
                tls.bind((address, found + 1))
            except (OSError, OverflowError) as error:
                if port or left == 1:
                    raise OSError(f"{error}; it takes port {found} and, for TLS, {found + 1}") from None
                continue
            return found
    raise AssertionError("the last try raises")


def config(settings: Control, host: str, port: int) -> Config:
    """The stack's configuration."""
    lines = [
        f"sip_listen {host}:{port}",
        # 40 ms instead of the stack's 100: our peers are servers, and each millisecond counts as the agent's delay.
        "audio_jitter_buffer_type fixed",
        "audio_jitter_buffer_ms 40-40",
        f"sip_verify_server {'yes' if settings.get('verify', True) else 'no'}",
    ]
    if settings.get("ca_file"):
        lines.append(f"sip_cafile {settings['ca_file']}")
    return Config(
        net_interface=settings.get("interface"),
        max_concurrent_calls=int(settings["max_calls"]),
        expose_headers=tuple(settings["headers"]),
        rtp_timeout=max(1, round(settings["media_timeout"])),
        native_log_level="error",
        sip_trace=True,
        extra_config_text="\n".join(lines) + "\n",
    )


def account(identity: Control, host: str, settings: Control, *, registers: bool) -> Account:
    """One user of ours. A user that only calls does not register."""
    credentials = identity.get("credentials") or ("", "")
    return Account(
        user=str(identity["user"]),
        domain=str(identity.get("domain") or (identity.get("registrar") if registers else None) or host or "localhost"),
        password=credentials[1],
        auth_user=credentials[0] or None,
        registrar=identity.get("proxy") or (identity.get("registrar") if registers else None),
        reg_interval=600 if registers else 0,
        transport=identity.get("transport", "udp"),
        audio_codecs=tuple(settings["codecs"]),
        dtmf_mode="rtpevent",
    )
