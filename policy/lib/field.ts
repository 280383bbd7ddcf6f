import { isList, isMap, UNKNOWN, type Value } from "./value";

/** What a message says of the resource that a field belongs to. */
export interface Owner {
  readonly urn: string;
  /** For people: kind and name, for example `StatefulSet "btc"`. */
  readonly label: string;
}

/** A rule needed a value that the engine does not know yet. Caught by the rule runner, which makes it a violation. */
export class MustBeKnown extends Error {
  readonly field: Field;
  constructor(field: Field) {
    super(`${field.place} is unknown`);
    this.field = field;
  }
}

/** A field holds something else than its schema says. Caught by the rule runner, which makes it a violation. */
export class Malformed extends Error {
  readonly field: Field;
  readonly expected: string;
  constructor(field: Field, expected: string) {
    super(`${field.place} must be ${expected}`);
    this.field = field;
    this.expected = expected;
  }
}

/**
 * A place in a resource's inputs. Reading a value that is unknown or has the wrong type throws, and the rule runner
 * turns that into a violation that names the place: a rule cannot fall silent because its author forgot the case.
 */
export class Field {
  readonly owner: Owner;
  readonly path: string;
  readonly value: Value | undefined;

  constructor(owner: Owner, path: string, value: Value | undefined) {
    this.owner = owner;
    this.path = path;
    this.value = value;
  }

  get unknown(): boolean {
    return this.value === UNKNOWN;
  }

  /** Set to something, be it unknown. */
  get present(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  /** For people: the resource and the path in it. */
  get place(): string {
    return this.path === "" ? this.owner.label : `${this.owner.label} ${this.path}`;
  }

  /** For people: the place and the value. */
  describe(): string {
    return `${this.place} ${this.shown()}`.trimEnd();
  }

  at(...keys: readonly string[]): Field {
    return keys.reduce<Field>((field, key) => field.member(key), this);
  }

  text(): string | undefined {
    const value = this.known();
    if (value === undefined || typeof value === "string") return value;
    throw new Malformed(this, "text");
  }

  number(): number | undefined {
    const value = this.known();
    if (value === undefined || typeof value === "number") return value;
    throw new Malformed(this, "a number");
  }

  /** A text that must be set. */
  requiredText(): string {
    const text = this.text();
    if (text === undefined) throw new Malformed(this, "text");
    return text;
  }

  /** A number that must be set. */
  requiredNumber(): number {
    const number = this.number();
    if (number === undefined) throw new Malformed(this, "a number");
    return number;
  }

  boolean(): boolean | undefined {
    const value = this.known();
    if (value === undefined || typeof value === "boolean") return value;
    throw new Malformed(this, "true or false");
  }

  /** The elements of a list; none when it is not set. */
  list(): Field[] {
    const value = this.known();
    if (value === undefined) return [];
    if (!isList(value)) throw new Malformed(this, "a list");
    return value.map((element, index) => new Field(this.owner, `${this.path}[${index}]`, element));
  }

  /** The members of a map; none when it is not set. */
  entries(): [string, Field][] {
    const value = this.known();
    if (value === undefined) return [];
    if (!isMap(value)) throw new Malformed(this, "a map");
    return Object.keys(value).map((key) => [key, this.member(key)]);
  }

  /** A map of texts, such as labels. */
  texts(): Map<string, string> {
    return new Map(this.entries().map(([key, field]) => [key, field.scalar() ?? ""]));
  }

  /** Text, or a number or boolean as text: where an API takes both `"true"` and `true`. */
  scalar(): string | undefined {
    const value = this.known();
    if (value === undefined) return undefined;
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean")
      return String(value);
    throw new Malformed(this, "a single value");
  }

  /** The document in a text field that holds JSON. */
  json(): Field {
    if (this.unknown) return this;
    const text = this.text();
    if (text === undefined) return this;
    try {
      const document: Value = JSON.parse(text);
      return new Field(this.owner, `${this.path} (JSON)`, document);
    } catch {
      throw new Malformed(this, "JSON");
    }
  }

  /** This field and everything below it, as far as it is known. */
  *walk(): Generator<Field> {
    yield this;
    if (isList(this.value)) for (const element of this.list()) yield* element.walk();
    else if (isMap(this.value)) for (const [, member] of this.entries()) yield* member.walk();
  }

  private member(key: string): Field {
    // What is below an unknown is as unknown, and the remedy is at the unknown itself.
    if (this.unknown) return this;
    const path =
      this.path === "" ? key : /^[\w-]+$/.test(key) ? `${this.path}.${key}` : `${this.path}["${key}"]`;
    if (!this.present) return new Field(this.owner, path, undefined);
    if (!isMap(this.value)) throw new Malformed(this, "a map");
    return new Field(this.owner, path, Object.hasOwn(this.value, key) ? this.value[key] : undefined);
  }

  private known(): Exclude<Value, typeof UNKNOWN | null> | undefined {
    if (this.value === UNKNOWN) throw new MustBeKnown(this);
    return this.value ?? undefined;
  }

  private shown(): string {
    if (this.unknown) return "(unknown in preview)";
    if (!this.present) return "(not set)";
    if (isList(this.value) || isMap(this.value)) return "";
    const text = JSON.stringify(this.value) ?? "";
    return `= ${text.length > 100 ? `${text.slice(0, 100)}…` : text}`;
  }
}
