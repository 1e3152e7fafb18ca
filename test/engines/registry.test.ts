import { describe, expect, it } from 'vitest';
import { createEngine } from '../../src/engines/registry.js';

describe('the engine registry', () => {
  it('starts the default engine', async () => {
    const engine = await createEngine(undefined, { sessions: 1 });
    expect(engine.name).toBe('ort');
    await engine.close();
  });

  it('answers a misspelt name with the one that was meant', async () => {
    await expect(createEngine('otr')).rejects.toMatchObject({
      code: 'unknown-name',
      details: { hint: 'did you mean "ort"?' },
    });
    await expect(createEngine('toString')).rejects.toMatchObject({ code: 'unknown-name' });
  });

  it('starts tfjs', async () => {
    const engine = await createEngine('tfjs', { sessions: 1, device: 'cpu' });
    expect(engine).toMatchObject({ name: 'tfjs', description: expect.stringMatching(/plain JavaScript/) });
    await engine.close();
  });

  const refused = [
    ['ort', { device: 'cuda9' }, 'unknown-name', /device of the ort engine/],
    ['tfjs', { device: 'wsam' }, 'unknown-name', /device of the tfjs engine/],
    ['tfjs', { sessions: 0 }, 'config-invalid', /"sessions" is not a usable count/],
    ['tfjs', { threads: 2 }, 'config-invalid', /how many threads/],
  ] as const;
  it.each(refused)('refuses %s with %j', async (name, options, code, message) => {
    await expect(createEngine(name, options)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });
});
