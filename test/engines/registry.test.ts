import { describe, expect, it } from 'vitest';
import { createEngine, engineNames } from '../../src/engines/registry.js';
import { detectTfjsAddon } from '../../src/engines/tfjs-addon.js';

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

describe('the TensorFlow addon', () => {
  it('is detected without a crash; its absence is explained in one line', async () => {
    const state = await detectTfjsAddon();
    if (state.loads) expect(state.version).toMatch(/./);
    else {
      expect(state.reason).toMatch(/^[^\n]{5,300}$/);
      expect(state.hint).not.toBe('');
    }
  });

  it('is given up on when it takes too long', async () => {
    expect(await detectTfjsAddon(undefined, 1)).toMatchObject({
      loads: false,
      reason: expect.stringContaining('in time'),
    });
  });
});
