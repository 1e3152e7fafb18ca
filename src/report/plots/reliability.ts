import type { ReliabilityFigure } from '../../suites/results.js';
import { formatEstimate, NONE } from '../format.js';
import type { Drawing } from './drawing.js';
import type { Palette } from './palette.js';
import { MUTED, SMALL_WIDTH } from './theme.js';

const SIDE = SMALL_WIDTH - 62;
const STRIP = 38;
const GAP = 'var(--gap)';
const GAP_FILL = 'var(--gap-fill)';

/**
 * A reliability diagram (Guo et al. 2017, figure 1): accuracy per confidence bin, the gap to the bin's mean
 * confidence shaded, intervals, the band of a calibrated model, and below how many examples each bin holds.
 */
export function drawReliability(figure: ReliabilityFigure, palette: Palette): Drawing {
  const colour = palette.colours([figure.system])[0]!;
  const banded = figure.bins.some(({ band }) => band);
  const values = figure.bins.map((bin) => ({
    ...bin,
    middle: (bin.lo + bin.hi) / 2,
    zero: 0,
    low: bin.interval?.[0],
    high: bin.interval?.[1],
    bandLow: bin.band?.[0],
    bandHigh: bin.band?.[1],
    count: bin.n,
    tip: tipOf(bin),
  }));
  const unit = { domain: [0, 1], nice: false };
  const ticks = { values: [0, 0.25, 0.5, 0.75, 1], format: '.0%' };
  const x = { field: 'lo', type: 'quantitative' as const, scale: unit };
  const hidden = { ...x, axis: { labels: false, ticks: false, title: null, values: ticks.values } };
  const y = (field: string) => ({
    field,
    type: 'quantitative' as const,
    title: 'Accuracy',
    scale: unit,
    axis: { ...ticks, grid: true },
  });
  const filled = { filter: 'isValid(datum.accuracy) && isValid(datum.confidence)' };
  return {
    size: 'third',
    legend: [
      { name: 'accuracy', colour, area: true, dash: '', symbol: '' },
      { name: 'gap to confidence', colour: GAP, area: true, dash: '', symbol: '' },
      ...(banded ? [{ name: 'if calibrated', colour: MUTED, area: true, dash: '', symbol: '' }] : []),
    ],
    data: {
      columns: [
        'Confidence',
        'Examples',
        'Mean confidence',
        'Accuracy',
        'Interval',
        ...(banded ? ['If calibrated'] : []),
      ],
      rows: figure.bins.map((bin) => {
        const accuracy = formatEstimate(bin.accuracy, bin.interval, 'percent');
        return [
          `${percent(bin.lo)} to ${percent(bin.hi)}`,
          String(bin.n),
          bin.confidence === null ? NONE : percent(bin.confidence),
          accuracy.value,
          accuracy.interval,
          ...(banded ? [bin.band ? `${percent(bin.band[0])} to ${percent(bin.band[1])}` : NONE] : []),
        ];
      }),
    },
    spec: {
      data: { values },
      spacing: 6,
      vconcat: [
        {
          width: SIDE,
          height: SIDE,
          layer: [
            {
              transform: [filled],
              mark: { type: 'rect', color: colour, opacity: 0.75, stroke: 'var(--page)', strokeWidth: 1 },
              encoding: { x: hidden, x2: { field: 'hi' }, y: y('zero'), y2: { field: 'accuracy' } },
            },
            {
              transform: [filled],
              // Opaque: over a bar it is the colour of the legend too.
              mark: { type: 'rect', color: GAP_FILL, opacity: 1, stroke: GAP, strokeWidth: 1 },
              encoding: { x: hidden, x2: { field: 'hi' }, y: y('accuracy'), y2: { field: 'confidence' } },
            },
            {
              transform: [{ filter: 'isValid(datum.bandLow)' }],
              mark: { type: 'rect', color: MUTED, opacity: 0.35 },
              encoding: { x: hidden, x2: { field: 'hi' }, y: y('bandLow'), y2: { field: 'bandHigh' } },
            },
            {
              data: {
                values: [
                  { lo: 0, zero: 0 },
                  { lo: 1, zero: 1 },
                ],
              },
              mark: { type: 'line', color: MUTED, strokeDash: [4, 3], strokeWidth: 1.2 },
              encoding: { x: hidden, y: y('zero') },
            },
            {
              transform: [{ filter: 'isValid(datum.low) && isValid(datum.high)' }],
              mark: { type: 'rule', color: 'currentColor', strokeWidth: 1.2 },
              encoding: { x: { ...hidden, field: 'middle' }, y: y('low'), y2: { field: 'high' } },
            },
          ],
        },
        {
          width: SIDE,
          height: STRIP,
          mark: { type: 'rect', color: MUTED, opacity: 0.6, stroke: 'var(--page)', strokeWidth: 1 },
          encoding: {
            x: { ...x, title: 'Confidence', axis: ticks },
            x2: { field: 'hi' },
            y: {
              field: 'zero',
              type: 'quantitative',
              title: 'Count',
              scale: { domain: [0, Math.max(1, ...figure.bins.map(({ n }) => n))], nice: false },
              axis: { tickCount: 2, format: '~s' },
            },
            y2: { field: 'count' },
          },
        },
      ],
    },
  };
}

function tipOf({ n, confidence, accuracy, interval }: ReliabilityFigure['bins'][number]): string {
  if (confidence === null || accuracy === null) return '';
  const told = formatEstimate(accuracy, interval, 'percent');
  return `accuracy ${told.value} ${told.interval} at confidence ${percent(confidence)}, n = ${n}`;
}

function percent(value: number): string {
  return formatEstimate(value, null, 'percent').value;
}
