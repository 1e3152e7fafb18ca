import { describe, expect, it } from 'vitest';
import type { Passes, SystemInfo } from '../../../src/models/system.js';
import { Forecast } from '../../../src/runs/measuring/forecast.js';
import type { UnitProgress } from '../../../src/runs/measuring/live-unit.js';
import { PassMeter } from '../../../src/runs/measuring/pass-meter.js';
import type { Job } from '../../../src/runs/plan/plan.js';
import { type Measurement, request } from '../../../src/suites/contract.js';
import { noisyLogits, type Params, plus } from '../small-run.js';

function job(measurement: Measurement<Params>, sizes: readonly number[], system = 'plus'): Job {
  const key = `${measurement.name} of ${system}`;
  let at = 0;
  return {
    key,
    request: request({ measurement, system, dataset: 'test', params: { scale: 1 } }),
    columns: new Map(),
    size: sizes.reduce((a, b) => a + b, 0),
    inputs: [],
    reference: [],
    namedSystems: [],
    units: sizes.map((size) => ({ key: `${key} ${at}`, start: at, end: (at += size) })),
  };
}

/** A measurement that does not say which passes it makes, or one that does. */
const timed = (name: string) => noisyLogits({ measured: [] }, 4, name);
const counted = (name: string, plain: Partial<Passes>): Measurement<Params> => ({
  ...timed(name),
  passes: () => ({ forward: 0, gradient: 0, ...plain }),
});

interface Scripted extends UnitProgress {
  passes: Passes;
  spared: Passes;
  begun: number | undefined;
  seconds: number;
}
const progress = (more: Partial<Scripted> = {}): Scripted => ({
  passes: { forward: 0, gradient: 0 },
  spared: { forward: 0, gradient: 0 },
  begun: undefined,
  seconds: 0,
  ...more,
});

const infoOf = (name: string): SystemInfo => ({ ...plus.info, name });
const costing = (forward?: number, gradient?: number) => ({
  secondsPerPass: (_: string, kind: keyof Passes) => ({ forward, gradient })[kind],
});

describe('the forecast by passes', () => {
  it('moves inside a unit, with every pass, and ends at zero', () => {
    const one = job(counted('attack', { gradient: 10 }), [8, 8]);
    const forecast = new Forecast([one], costing(1, 2), infoOf);
    expect(forecast.status()).toEqual({ done: 0, units: 2, secondsLeft: 320 });
    const [first, second] = [progress(), progress()];
    forecast.started(one, one.units[0]!, first);
    const seen = [forecast.status().secondsLeft];
    for (let step = 1; step <= 10; step++) {
      first.passes.gradient = 8 * step;
      first.seconds = 16 * step;
      expect(forecast.passCount(one, one.units[0]!)).toEqual({ passes: 8 * step, expected: 80 });
      seen.push(forecast.status().secondsLeft);
    }
    expect(seen).toEqual([320, 304, 288, 272, 256, 240, 224, 208, 192, 176, 160]);
    forecast.finished(one, one.units[0]!);
    expect(forecast.status()).toEqual({ done: 1, units: 2, secondsLeft: 160 });
    forecast.started(one, one.units[1]!, second);
    second.passes.gradient = 80;
    second.seconds = 160;
    forecast.finished(one, one.units[1]!);
    expect(forecast.status()).toEqual({ done: 2, units: 2, secondsLeft: 0 });
  });

  it('learns of examples that end early: those that were not begun are expected to do the same', () => {
    const one = job(counted('attack', { gradient: 100 }), [16, 16]);
    const forecast = new Forecast([one], costing(1, 1), infoOf);
    const live = progress({ begun: 8, passes: { forward: 0, gradient: 40 }, seconds: 40 });
    forecast.started(one, one.units[0]!, live);
    // 8 examples of 100 passes less what was made; 24 of as many.
    expect(forecast.status().secondsLeft).toBe(760 + 2400);
    expect(forecast.passCount(one, one.units[0]!)).toEqual({ passes: 40, expected: 1600 });
    // Half of them broke after 5 passes.
    live.spared.gradient = 4 * 95;
    expect(forecast.status().secondsLeft).toBe(380 + (24 * 420) / 8);
    // The rest as well.
    live.spared.gradient = 8 * 95;
    expect(forecast.status().secondsLeft).toBe(24 * 5);
    expect(forecast.passCount(one, one.units[0]!)).toEqual({ passes: 40, expected: 80 });
  });

  it('takes over from one system to the next how much was spared', () => {
    const attack = counted('attack', { gradient: 100 });
    const [one, other] = [job(attack, [10]), job(attack, [10], 'minus')];
    const forecast = new Forecast([one, other], costing(1, 1), infoOf);
    const live = progress({ passes: { forward: 0, gradient: 200 }, seconds: 200 });
    forecast.started(one, one.units[0]!, live);
    forecast.finished(one, one.units[0]!);
    expect(forecast.status().secondsLeft).toBe(200);
  });

  it('is set right by the time that its passes turn out to take', () => {
    const one = job(counted('slow', { forward: 1 }), [100, 900]);
    const forecast = new Forecast([one], costing(1), infoOf);
    const live = progress({ passes: { forward: 90, gradient: 0 }, seconds: 5 });
    forecast.started(one, one.units[0]!, live);
    // Half by the cost of passes, half by 5 s for 90 of them.
    expect(forecast.status().secondsLeft).toBeCloseTo(910 * (0.5 + 0.5 * (5 / 90)));
    live.seconds = 1e6;
    expect((forecast.status().secondsLeft ?? 0) / (910 * (1e6 / 90))).toBeCloseTo(1);
  });

  it('knows nothing before a pass was measured', () => {
    const one = job(counted('attack', { gradient: 10, forward: 1 }), [8]);
    const left = (forward?: number, gradient?: number) =>
      new Forecast([one], costing(forward, gradient), infoOf).status().secondsLeft;
    expect([left(), left(1), left(1, 1)]).toEqual([undefined, undefined, 88]);
  });

  it('does without a measurement that fails to say what it makes', () => {
    const failing: Measurement<Params> = {
      ...timed('odd'),
      passes() {
        throw new Error('no');
      },
    };
    expect(new Forecast([job(failing, [4])], costing(1, 1), infoOf).status().secondsLeft).toBeUndefined();
  });
});

describe('the forecast by time, where a measurement does not say which passes it makes', () => {
  const measure = (forecast: Forecast, one: Job, at: number, seconds: number) => {
    forecast.started(one, one.units[at]!, progress({ seconds }));
    forecast.finished(one, one.units[at]!);
  };

  it('knows nothing before anything was measured, and nothing is left at the end', () => {
    const one = job(timed('clean'), [4, 4]);
    const forecast = new Forecast([one], costing(), infoOf);
    expect(forecast.status()).toEqual({ done: 0, units: 2, secondsLeft: undefined });
    measure(forecast, one, 0, 2);
    expect(forecast.status()).toEqual({ done: 1, units: 2, secondsLeft: 2 });
    measure(forecast, one, 1, 2);
    expect(forecast.status()).toEqual({ done: 2, units: 2, secondsLeft: 0 });
  });

  it('takes the rate of the same measurement, never that of another', () => {
    const [clean, attack] = [job(timed('clean'), [10]), job(timed('attack'), [10])];
    const other = job(timed('attack'), [5], 'minus');
    const forecast = new Forecast([clean, attack, other], costing(), infoOf);
    measure(forecast, clean, 0, 1);
    expect(forecast.status().secondsLeft).toBeUndefined();
    measure(forecast, attack, 0, 100);
    expect(forecast.status().secondsLeft).toBeCloseTo(50);
    forecast.dropped(other);
    expect(forecast.status()).toEqual({ done: 3, units: 3, secondsLeft: 0 });
  });

  it('runs down inside a unit, and grows for what waits when the unit takes longer than others did', () => {
    const one = job(timed('slow'), [10, 10, 10]);
    const forecast = new Forecast([one], costing(), infoOf);
    measure(forecast, one, 0, 10);
    const live = progress();
    forecast.started(one, one.units[1]!, live);
    const left = [0, 4, 10, 40].map((seconds) => {
      live.seconds = seconds;
      return forecast.status().secondsLeft;
    });
    expect(left).toEqual([20, 16, 10, 40]);
  });

  it('takes what this run measured before what an earlier one did', () => {
    const one = job(timed('clean'), [10, 10, 10]);
    const forecast = new Forecast([one], costing(), infoOf);
    forecast.stored(one, one.units[0]!, 100);
    expect(forecast.status()).toEqual({ done: 1, units: 3, secondsLeft: 200 });
    measure(forecast, one, 1, 5);
    expect(forecast.status()).toEqual({ done: 2, units: 3, secondsLeft: 5 });
  });
});

describe('the cost of passes', () => {
  it('is the time of the run: calls in flight share it', () => {
    let now = 0;
    const meter = new PassMeter(() => now);
    const [a, b] = [meter.begin('a', 'forward'), meter.begin('a', 'gradient')];
    now = 4;
    a(8);
    now = 10;
    b(4);
    expect([meter.secondsPerPass('a', 'forward'), meter.secondsPerPass('a', 'gradient')]).toEqual([0.25, 2]);
  });

  it('of what was not measured follows from what was', () => {
    let now = 0;
    const meter = new PassMeter(() => now);
    const spend = (system: string, kind: keyof Passes, seconds: number, passes: number) => {
      const end = meter.begin(system, kind);
      now += seconds;
      end(passes);
    };
    expect(meter.secondsPerPass('b', 'gradient')).toBeUndefined();
    spend('a', 'forward', 1, 10);
    spend('a', 'gradient', 3, 10);
    expect(meter.secondsPerPass('b', 'gradient')).toBeCloseTo(0.3);
    spend('b', 'forward', 100, 1);
    expect(meter.secondsPerPass('b', 'forward')).toBeCloseTo(100);
    // One call may have opened a session, and says nothing of another kind.
    expect(meter.secondsPerPass('b', 'gradient')).toBeCloseTo(0.3);
    spend('b', 'forward', 2, 1);
    expect(meter.secondsPerPass('b', 'forward')).toBeCloseTo(2);
    expect(meter.secondsPerPass('b', 'gradient')).toBeCloseTo(6);
    spend('b', 'gradient', 50, 0);
    expect(meter.secondsPerPass('b', 'gradient')).toBeCloseTo(6);
    spend('b', 'gradient', 5, 1);
    expect(meter.secondsPerPass('b', 'gradient')).toBeCloseTo(5);
  });
});
