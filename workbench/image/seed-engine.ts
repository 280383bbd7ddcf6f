import { SEED } from "../seed/manifests";
import { ENGINE, type Recipe } from "./engine-image";

const MARKETS_FILE = "etc/trading/markets.json";

/**
 * The reference engine as the seed's manifests would start it: everything that the stack's own manifests tell an engine
 * from outside, and the seed's do not, stands in the image. It runs as root, because they give the volume to no group.
 * It holds its lease in a folder of its own container, because they allow nobody to write one that all pods see: so two
 * pods of one name know nothing of each other, as with the application that the seed prints. Like every image without
 * a shell it cannot run the seed's hook, which then fails at once.
 */
export const SEED_ENGINE: Recipe = {
  ...ENGINE,
  repository: "registry.example.com/trading/seed-engine",
  settings: [
    { kind: "folder", path: "etc/trading", mode: 0o755 },
    { kind: "file", path: MARKETS_FILE, mode: 0o644, data: Buffer.from(JSON.stringify({ ...SEED.markets })) },
  ],
  config: {
    ...ENGINE.config,
    environment: {
      ...ENGINE.config.environment,
      MARKETS_FILE: `/${MARKETS_FILE}`,
      DATA_DIR: "/data",
      LEASE_DIR: "/tmp/lease",
      // The seed's own: a minute for the hook, a minute for the signal.
      DRAIN_BUDGET_SECONDS: "60",
    },
    user: "0:0",
  },
};
