"""The Hugging Face hub, asked politely: its cache first, the network only where there is one."""

import os
import socket


def go_offline_if_unreachable() -> None:
    """Set HF_HUB_OFFLINE when the hub's name cannot be resolved.

    Its clients retry for half a minute before they give up; offline, they look in the cache and say so at
    once. Must run before `huggingface_hub` is imported, which reads the variable as it loads.
    """
    if "HF_HUB_OFFLINE" in os.environ:
        return
    import urllib.parse
    import urllib.request  # brings http along, a tenth of the time that a command takes to start

    if urllib.request.getproxies():
        return
    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    host = urllib.parse.urlsplit(endpoint).hostname
    try:
        socket.getaddrinfo(host, 443)
    except OSError:
        os.environ["HF_HUB_OFFLINE"] = "1"
