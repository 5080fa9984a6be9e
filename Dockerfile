# identity-bridge runs its sources as they are: Node 26 strips the types. Two stages: install, run.
FROM node:26-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# No development packages (nothing of demo/ or test/), and none of the optional ones: the image brings its own Node,
# and a container has a real Postgres beside it.
RUN npm ci --omit=dev --omit=optional

FROM node:26-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json LICENSE openapi.yaml ./
COPY src ./src
COPY sql ./sql
USER node
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "src/main.ts"]
