import type { LeaseRecord } from "../core/lease-rule";

export interface StoredLease {
  readonly record: LeaseRecord;
  /** Changes with every write: what a conditional write compares. */
  readonly version: string;
}

/** Where a lease is kept. Any store with a conditional write will do. */
export interface LeaseStore {
  /** undefined: there is none yet. Throws when the store does not answer in time. */
  read(timeoutMs: number): Promise<StoredLease | undefined>;
  /**
   * Writes only if the lease is still at `version` (undefined: still absent); undefined when somebody was faster.
   * Throws when there was no answer: then nobody knows whether it was written.
   */
  write(
    record: LeaseRecord,
    version: string | undefined,
    timeoutMs: number,
  ): Promise<StoredLease | undefined>;
}

/** For tests, and for two engines in one process. */
export function memoryLease(): LeaseStore {
  let stored: StoredLease | undefined;
  let writes = 0;
  return {
    async read() {
      return stored;
    },
    async write(record, version) {
      if (stored?.version !== version) return undefined;
      writes += 1;
      stored = { record, version: String(writes) };
      return stored;
    },
  };
}
