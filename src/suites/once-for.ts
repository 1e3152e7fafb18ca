/**
 * What is derived of an object, computed once for each: an estimate is then the same one in a measure, a table and a
 * warning, so that a report knows that they are one number.
 */
export function onceFor<K extends object, V>(derive: (of: K) => V): (of: K) => V {
  const known = new WeakMap<K, { derived: V }>();
  return (of) => {
    const entry = known.get(of) ?? { derived: derive(of) };
    known.set(of, entry);
    return entry.derived;
  };
}
