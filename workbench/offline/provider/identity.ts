import { createHash } from "node:crypto";

/** The simulated account where the program names none: AWS's own documentation number. */
export const ACCOUNT = "123456789012";

/** Lower-case hexadecimal digits that depend on the seed alone. */
export function hex(seed: string, digits: number): string {
  return createHash("sha256").update(seed).digest("hex").slice(0, digits);
}

/** A number from 0 to `limit - 1` that depends on the seed alone. */
export function number(seed: string, limit: number): number {
  return Number.parseInt(hex(seed, 8), 16) % limit;
}

/** Upper-case letters and digits, as in IAM's unique ids. */
export function alphanumeric(seed: string, length: number): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bytes = createHash("sha256").update(seed).digest();
  return Array.from(
    { length },
    (_, index) => alphabet[(bytes[index % bytes.length] ?? 0) % alphabet.length],
  ).join("");
}

/** A version 4 UUID that depends on the seed alone. */
export function uuid(seed: string): string {
  const digits = hex(seed, 32);
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `4${digits.slice(13, 16)}`,
    `8${digits.slice(17, 20)}`,
    digits.slice(20, 32),
  ].join("-");
}

/** An address of the documentation range 203.0.113.0/24. */
export function documentationAddress(seed: string): string {
  return `203.0.113.${1 + number(seed, 254)}`;
}

/** The resource's logical name, type and stack, read from its URN. */
export function parseUrn(urn: string): {
  readonly type: string;
  readonly name: string;
  readonly stack: string;
} {
  const [stack = "", , qualified = "", ...name] = urn.replace(/^urn:pulumi:/, "").split("::");
  return { stack, type: qualified.split("$").pop() ?? qualified, name: name.join("::") };
}
