/** `map` over a list of known length, which the result has too: `const [width, height] = mapTuple([a, b], lengthOf)`. */
export const mapTuple = <const T extends readonly unknown[], R>(
  items: T,
  of: (item: T[number], at: number) => R,
): { -readonly [K in keyof T]: R } => items.map(of) as { -readonly [K in keyof T]: R };
