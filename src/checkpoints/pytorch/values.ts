/**
 * What a pickle is read into: plain data that cannot do anything. Numbers, strings, booleans, null, bigint, byte
 * arrays and lists (as arrays) stand for themselves.
 */

export class Tuple {
  constructor(readonly items: readonly unknown[]) {}
}

export class SetValue {
  readonly items: unknown[] = [];
}

/** A dict, in its order. Keys are strings and numbers, or objects by identity. */
export class Dict {
  private map: Map<unknown, unknown> | undefined;
  /** What pickle hands to an instance beside its items: `_metadata` of a state dict. */
  attributes: unknown;

  set(key: unknown, value: unknown): void {
    // Made late: a pickle can ask for a million empty dicts.
    this.map ??= new Map();
    this.map.set(key, value);
  }

  get(key: unknown): unknown {
    return this.map?.get(key);
  }

  get size(): number {
    return this.map?.size ?? 0;
  }

  entries(): Iterable<[unknown, unknown]> {
    return this.map ?? [];
  }
}

/** A name from the table of known globals. Calling it runs our own code on data, or makes something inert. */
export class Global {
  constructor(
    readonly name: string,
    /** What `name(...args)` stands for; undefined for what may be mentioned but not called. */
    readonly call?: (args: readonly unknown[]) => unknown,
  ) {}
}

/** An object that is carried along and never looked into. */
export class Opaque {
  constructor(readonly of: string) {}
}

/** For messages. Never descends into a value: it may be huge, or contain itself. */
export function kindOf(value: unknown): string {
  if (value === null) return 'None';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Tuple) return 'a tuple';
  if (value instanceof Dict) return 'a dict';
  if (value instanceof SetValue) return 'a set';
  if (value instanceof Global) return value.name;
  if (value instanceof Opaque) return `an object of ${value.of}`;
  if (value instanceof Uint8Array) return 'bytes';
  if (typeof value === 'string') return 'a string';
  if (typeof value === 'object') return value.constructor.name === 'Object' ? 'a value' : 'a tensor';
  return `a ${typeof value}`;
}
