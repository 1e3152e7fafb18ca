import { AssayError, type ErrorDetails, unknownName } from './errors.js';

/** What comes with Assay, as where a row is from. */
export const BUILT_IN = 'Assay';

interface Entry<T> {
  row: T;
  from: string;
}

/**
 * Rows of one kind by name, in the order in which they are tried. A value: adding rows gives another registry, so that
 * what one run adds no other run sees.
 */
export class Registry<T> implements Iterable<T> {
  private constructor(
    /** What messages call a row: `attack`. */
    readonly kind: string,
    private readonly nameOf: (row: T) => string,
    private readonly entries: ReadonlyMap<string, Entry<T>>,
  ) {}

  /** The rows that come with Assay. Errors: `config-invalid` when two have the same name. */
  static of<T extends { name: string }>(kind: string, rows: Iterable<T>): Registry<T> {
    return Registry.by(kind, (row: T) => row.name, rows);
  }

  /** The same for rows whose name is called something else. */
  static by<T>(kind: string, nameOf: (row: T) => string, rows: Iterable<T>): Registry<T> {
    return new Registry<T>(kind, nameOf, new Map()).with(rows, BUILT_IN);
  }

  get names(): readonly string[] {
    return [...this.entries.keys()];
  }

  has(name: string): boolean {
    return this.entries.has(name);
  }

  find(name: string): T | undefined {
    return this.entries.get(name)?.row;
  }

  /** Errors: `unknown-name`, with all names and the one that was probably meant. */
  named(name: string, where: ErrorDetails = {}): T {
    const entry = this.entries.get(name);
    if (!entry) throw unknownName(this.kind, name, this.names, where);
    return entry.row;
  }

  /** Where a row comes from: `Assay`, or the name of a plug-in. Errors: `unknown-name`. */
  origin(name: string): string {
    this.named(name);
    return this.entries.get(name)?.from ?? BUILT_IN;
  }

  /** Another registry, with more rows after these. Errors: `config-invalid` for a name that is taken. */
  with(rows: Iterable<T>, from: string): Registry<T> {
    const entries = new Map(this.entries);
    for (const row of rows) {
      const name = this.nameOf(row);
      const taken = entries.get(name);
      if (taken) throw clash(this.kind, name, taken.from, from);
      entries.set(name, { row, from });
    }
    return new Registry(this.kind, this.nameOf, entries);
  }

  /** Another registry with a row made of each of these, from the same places. */
  map<U extends { name: string }>(make: (row: T) => U): Registry<U> {
    const entries = [...this.entries.values()].map(({ row, from }) => ({ row: make(row), from }));
    return new Registry(this.kind, ({ name }: U) => name, new Map(entries.map((e) => [e.row.name, e])));
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const { row } of this.entries.values()) yield row;
  }
}

const clash = (kind: string, name: string, first: string, second: string) =>
  new AssayError('config-invalid', `two ${kind}s are called "${name}"`, {
    path: 'plugins',
    found:
      first === second
        ? `two in ${calledBy(first)}`
        : `one of ${calledBy(first)} and one of ${calledBy(second)}`,
    hint: `rename the ${kind} in the plug-in`,
  });

const calledBy = (from: string) => (from === BUILT_IN ? 'Assay itself' : `the plug-in "${from}"`);
