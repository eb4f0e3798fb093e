# Teal in a container: one stage compiles, the other runs as a user without rights.
#
# The root file system may be read-only: nothing is written outside /data. DNS is on port 5300 inside, which takes no
# right; publish it as 53 (`-p 53:5300/udp -p 53:5300/tcp`). With the host's network there is no such mapping: set
# TEAL_DNS_LISTEN and, since port 53 takes CAP_NET_BIND_SERVICE there, which a user other than root only has through
# the file (`setcap cap_net_bind_service=+ep`), lower net.ipv4.ip_unprivileged_port_start on the host.
# The admin API is reached from inside only, until TEAL_ADMIN_LISTEN says otherwise: see docker-compose.yml.

FROM node:24-bookworm-slim@sha256:235600a8101ab264e117b1768e925532262668dc9b581ef1dd7d96ced463b8e7 AS build
WORKDIR /build
COPY package.json package-lock.json ./
COPY tools/node tools/node
# No install scripts: koffi and better-sqlite3 bring their binaries as files.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN npx tsc --project tsconfig.build.json && cp src/etcd/etcd.proto dist/etcd/ && node src/console/build.ts && npm prune --omit=dev --ignore-scripts

FROM node:24-bookworm-slim@sha256:235600a8101ab264e117b1768e925532262668dc9b581ef1dd7d96ced463b8e7
RUN install --directory --owner=node --group=node --mode=0700 /data
WORKDIR /teal
COPY package.json ./
COPY config config
COPY --from=build /build/node_modules node_modules
COPY --from=build /build/dist dist
ENV NODE_ENV=production SQLITE_TMPDIR=/data TEAL_DATA_DIR=/data TEAL_DNS_LISTEN=0.0.0.0:5300
USER node
VOLUME /data
EXPOSE 5300/udp 5300/tcp 8053/tcp
# Where the admin API has TLS or another port, give another check. The process answers it itself; nothing is installed.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "--eval", "fetch('http://127.0.0.1:8053/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# SIGUSR1 opens no debugger, from the first moment on.
ENTRYPOINT ["node", "--disable-sigusr1", "dist/main.js"]
CMD ["serve"]
