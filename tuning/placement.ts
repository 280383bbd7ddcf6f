/** Label of the nodes that are for engines only: what engines select. */
export const NODE_LABEL = { key: "node-type", value: "trading" } as const;

/** Taint of these nodes: what keeps everything else away. */
export const NODE_TAINT = { key: "trading/dedicated", value: "engine", effect: "NoSchedule" } as const;
