import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { UserError } from "../offline/errors";
import { type Entry, entrySchema, type Head, headSchema, type Journal } from "./record";

/** Reads a soak's journal, undefined if there is none. A last line that was cut short is not counted. */
export function readJournal(file: string): Journal | undefined {
  if (!existsSync(file)) return undefined;
  const lines = readFileSync(file, "utf8").split("\n").flatMap(parsed);
  const head = headSchema.safeParse(lines[0]);
  if (!head.success) {
    throw new UserError(
      `${file} is no journal of a soak that this version can read: begin anew with --discard.`,
    );
  }
  return { head: head.data, entries: lines.slice(1).map((line) => entrySchema.parse(line)) };
}

/** Begins a journal; what it held before is gone. */
export function beginJournal(file: string, head: Head): Journal {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, line(head));
  return { head, entries: [] };
}

/** Writes what was done, at once: whatever comes next cannot take it away. */
export function append(file: string, journal: Journal, entry: Entry): Journal {
  appendFileSync(file, line(entry), { flush: true });
  return { ...journal, entries: [...journal.entries, entry] };
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

function parsed(text: string): unknown[] {
  try {
    return text === "" ? [] : [JSON.parse(text)];
  } catch {
    return [];
  }
}
