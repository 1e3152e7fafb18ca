import { describe, expect, it } from 'vitest';
import { createEngine, engineNames } from '../../src/engines/registry.js';

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

  it('says that tfjs is not available in this version, and what to use', async () => {
    expect(engineNames).toContain('tfjs');
    await expect(createEngine('tfjs')).rejects.toMatchObject({
      code: 'unknown-name',
      message: expect.stringContaining('not available in this version'),
      details: { hint: expect.stringContaining('--engine ort') },
    });
  });
});
