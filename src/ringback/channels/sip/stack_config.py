"""What the SIP stack is told before it starts, and of each of our users."""

from baresip import Account, Config

from ringback.channels.sip.messages import Control


def config(settings: Control, host: str, port: int) -> Config:
    """The stack's configuration."""
    lines = [
        f"sip_listen {host}:{port}",
        "rtp_ports {}-{}".format(*settings["media_ports"]),
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
