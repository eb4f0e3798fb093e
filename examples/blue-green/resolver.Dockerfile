# Debian's unbound, with the settings that compose.yaml mounts.
FROM debian:bookworm-slim
RUN apt-get update && apt-get install --yes --no-install-recommends unbound && rm -rf /var/lib/apt/lists/*
