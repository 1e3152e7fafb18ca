import { PLOT_WIDTH } from './theme.js';

/** About a pixel less than a letter of a title takes. */
const LETTER = 6;

/** A title in as many lines as it needs: one wider than the plot would make the plot narrower. */
export function axisTitle(title: string, width: number): string | string[] {
  const lines = [''];
  for (const word of title.split(' ')) {
    const longer = `${lines[lines.length - 1]} ${word}`.trim();
    if (longer.length * LETTER > width && lines[lines.length - 1] !== '') lines.push(word);
    else lines[lines.length - 1] = longer;
  }
  return lines.length > 1 ? lines : title;
}

/** Axis number format as Vega-Lite wants it; undefined leaves the choice to it. */
export function axisFormat(format: 'percent' | 'number' | undefined): string | undefined {
  return format === 'percent' ? '.0%' : undefined;
}

/** Labels at given values instead of round numbers: epsilons as fractions. */
export function labelledTicks(ticks: readonly { value: number; label: string }[] | undefined) {
  if (!ticks || ticks.length === 0) return {};
  const values = ticks.map((tick) => tick.value);
  const labels = ticks.map((tick) => tick.label);
  // JSON literals are valid in Vega's expression language, and quoting makes hostile labels plain text.
  const expression = `${JSON.stringify(labels)}[indexof(${JSON.stringify(values)}, datum.value)]`;
  return { values, labelExpr: expression, labelOverlap: 'greedy' as const };
}

/** Turns category labels when they would not fit side by side. */
export function categoryAngle(categories: readonly string[], width = PLOT_WIDTH): { labelAngle: number } {
  const longest = Math.max(0, ...categories.map((name) => name.length));
  return { labelAngle: longest * 6.2 > (width - 60) / Math.max(1, categories.length) ? -35 : 0 };
}
