import type { Book } from "../core/book";
import type { Settings } from "../core/settings";
import { type Counters, type Metric, renderMetrics } from "./metrics";

export interface EngineState {
  readonly phase: string;
  readonly book: Book | undefined;
  readonly counters: Counters;
  readonly syncs: { readonly count: number; readonly seconds: number };
  readonly leaseSeconds: number;
}

const PHASES = ["standby", "recovering", "trading", "disconnected", "halted", "draining"];

/** The engine's state as metrics. */
export function metricsOf(state: EngineState, { podName, ordinal }: Settings): string {
  const { phase, book, counters, syncs, leaseSeconds } = state;
  const one = (value: number) => [{ value }];
  const metrics: Metric[] = [
    {
      name: "engine_phase",
      help: "1 for the phase the engine is in.",
      type: "gauge",
      samples: PHASES.map((name) => ({ labels: { phase: name }, value: name === phase ? 1 : 0 })),
    },
    {
      name: "engine_open_orders",
      help: "Orders not known to be closed.",
      type: "gauge",
      samples: one(book?.orders.size ?? 0),
    },
    {
      name: "engine_lease_remaining_seconds",
      help: "Seconds until no order may be sent.",
      type: "gauge",
      samples: one(leaseSeconds),
    },
    {
      name: "engine_terms_total",
      help: "Times the lease was taken.",
      type: "counter",
      samples: one(counters.terms),
    },
    {
      name: "engine_orders_total",
      help: "Orders by what became of them.",
      type: "counter",
      samples: (["orders", "accepted", "rejected", "cancelled", "fills"] as const).map((key) => ({
        labels: { event: key === "orders" ? "placed" : key },
        value: counters[key],
      })),
    },
    {
      name: "engine_log_syncs_total",
      help: "fsyncs of the log.",
      type: "counter",
      samples: one(syncs.count),
    },
    {
      name: "engine_log_sync_seconds_total",
      help: "Seconds spent in fsync.",
      type: "counter",
      samples: one(syncs.seconds),
    },
    {
      name: "engine_position",
      help: "Position in lots.",
      type: "gauge",
      samples: Object.entries(book?.positions ?? {}).map(([market, value]) => ({
        labels: { market },
        value,
      })),
    },
  ];
  return renderMetrics(metrics, { pod: podName, ordinal: String(ordinal) });
}
