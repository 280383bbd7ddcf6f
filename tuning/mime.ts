/**
 * MIME multipart documents as EC2 user data. Lines end with LF: cloud-init and nodeadm read both, and a CR would end
 * up inside the shell script. The line break before a boundary belongs to the boundary (RFC 2046, section 5.1.1).
 */
import { createHash } from "node:crypto";

/** One part of a multipart document. */
export interface MimePart {
  readonly contentType: string;
  readonly body: string;
}

/** What `parseMultipart` makes of a text. */
export interface ParsedMultipart {
  readonly parts: readonly MimePart[];
  /** What is wrong with the text as a multipart document; empty when nothing is. */
  readonly problems: readonly string[];
}

/** The document. Its boundary follows from the content, so equal parts give equal text. */
export function formatMultipart(parts: readonly MimePart[]): string {
  const boundary = boundaryFor(parts);
  const sections = parts.map(
    ({ contentType, body }) =>
      `--${boundary}\nContent-Type: ${contentType}\nMIME-Version: 1.0\n\n${body.endsWith("\n") ? body : `${body}\n`}\n`,
  );
  const head = `MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="${boundary}"\n\n`;
  return `${head}${sections.join("")}--${boundary}--\n`;
}

/** The parts of a document, whoever wrote it. Never throws. */
export function parseMultipart(text: string): ParsedMultipart {
  const lines = text.split(/\r?\n/);
  const blank = lines.indexOf("");
  const { type, parameters } = contentTypeOf(lines.slice(0, blank === -1 ? lines.length : blank));
  if (!type.startsWith("multipart/")) {
    return { parts: [], problems: ["user data is not a MIME multipart document"] };
  }
  const boundary = parameters["boundary"];
  if (boundary === undefined || boundary === "") {
    return { parts: [], problems: ["the multipart header names no boundary"] };
  }
  return splitParts(lines.slice(blank + 1), boundary);
}

function splitParts(lines: readonly string[], boundary: string): ParsedMultipart {
  const open: string[][] = [];
  for (const line of lines) {
    const mark = line.trimEnd();
    if (mark === `--${boundary}--`) return { parts: open.map(partOf), problems: [] };
    if (mark === `--${boundary}`) open.push([]);
    else open.at(-1)?.push(line);
  }
  return { parts: open.map(partOf), problems: [`the closing boundary --${boundary}-- is missing`] };
}

function partOf(lines: readonly string[]): MimePart {
  const blank = lines.indexOf("");
  const header = lines.slice(0, Math.max(blank, 0));
  return { contentType: contentTypeOf(header).type, body: lines.slice(blank + 1).join("\n") };
}

function contentTypeOf(header: readonly string[]): { type: string; parameters: Record<string, string> } {
  const unfolded = header.join("\n").replaceAll(/\n[ \t]+/g, " ");
  const [, value = ""] = /^content-type:\s*(.*)$/im.exec(unfolded) ?? [];
  const [type = "", ...rest] = value.split(";");
  const parameters: Record<string, string> = {};
  for (const parameter of rest) {
    const [, name, quoted, bare] = /^\s*([\w-]+)\s*=\s*(?:"([^"]*)"|(\S+))/.exec(parameter) ?? [];
    if (name !== undefined) parameters[name.toLowerCase()] = quoted ?? bare ?? "";
  }
  return { type: type.trim().toLowerCase(), parameters };
}

/** A hash over the parts cannot be one of their own lines, short of breaking SHA-256. */
function boundaryFor(parts: readonly MimePart[]): string {
  const hash = createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  return `TRADING-BOUNDARY-${hash.slice(0, 16)}`;
}
