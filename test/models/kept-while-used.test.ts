import { describe, expect, it } from 'vitest';
import { keptWhileUsed } from '../../src/models/kept-while-used.js';

describe('what is kept while it is used', () => {
  it('is read once for all who ask together, and for who asks while it is held', async () => {
    let reads = 0;
    const read = keptWhileUsed(async () => ({ read: ++reads }));
    const [first, second] = await Promise.all([read(), read()]);
    expect(second).toBe(first);
    expect(await read()).toBe(first);
    expect(reads).toBe(1);
  });

  it('is read again after a failure', async () => {
    let reads = 0;
    const read = keptWhileUsed(async () => {
      if (++reads === 1) throw new Error('the disk is away');
      return { read: reads };
    });
    await expect(read()).rejects.toThrow('the disk is away');
    expect(await read()).toEqual({ read: 2 });
  });
});
