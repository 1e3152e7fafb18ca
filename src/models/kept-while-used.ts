/**
 * Reads something large once for all who want it at the same time, or soon after: it is kept for as long as somebody holds
 * it, or memory is not needed.
 */
export function keptWhileUsed<T extends object | undefined>(read: () => Promise<T>): () => Promise<T> {
  let kept: WeakRef<T & object> | undefined;
  let reading: Promise<T> | undefined;
  const once = async () => {
    try {
      const value = await read();
      if (value) kept = new WeakRef(value);
      return value;
    } finally {
      reading = undefined;
    }
  };
  return async () => {
    const known = kept?.deref();
    if (known) return known;
    reading ??= once();
    return reading;
  };
}
