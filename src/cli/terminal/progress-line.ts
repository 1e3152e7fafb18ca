import { weightOf } from '../../models/passes.js';
import { oneLine } from '../../one-line.js';
import { formatDuration } from '../../report/format.js';
import type { Listener, PassCount, ProgressEvent, Status } from '../../runs/measuring/progress.js';
import type { Unit } from '../../runs/plan/plan.js';
import { requestText } from '../../runs/units/request-text.js';
import { costLine } from './cost-text.js';

/** Where progress goes: standard error in a program. */
export interface Terminal {
  write(text: string): void;
  isTTY: boolean;
  columns: number;
}

export interface ProgressOptions {
  quiet: boolean;
  /** Plain lines come at most this often. */
  plainEveryMs?: number;
  now?: () => number;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** Shows progress: a line that is rewritten on a terminal, plain lines elsewhere, nothing when quiet. */
export class ProgressLine {
  private text = '';
  private frame = 0;
  private lastPlain: number;
  private timer: NodeJS.Timeout | undefined;
  private readonly now: () => number;

  constructor(
    private readonly terminal: Terminal,
    private readonly options: ProgressOptions,
  ) {
    this.now = options.now ?? Date.now;
    this.lastPlain = this.now();
  }

  readonly listen: Listener = (event) => {
    if (this.options.quiet) return;
    if (event.kind === 'plan') this.plan(event);
    else if (event.kind === 'job-failed')
      this.line(`failed: ${requestText(event.job.request)}: ${event.message}`);
    else if (event.kind === 'note') this.line(event.text);
    else if (event.kind === 'stage') this.show(stageText(event), event.of !== undefined);
    else if (event.kind !== 'opened') this.show(unitText(event), event.kind !== 'unit-started');
  };

  /** Removes the live line. */
  end(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.clear();
    this.text = '';
  }

  /** A line that stays. */
  line(text: string): void {
    this.clear();
    this.terminal.write(`${oneLine(text)}\n`);
    this.draw();
  }

  private plan({ units, stored, cost }: Extract<ProgressEvent, { kind: 'plan' }>): void {
    this.line(planText(units, stored));
    if (cost && weightOf(cost.expected) > 0) this.line(`that is ${costLine(cost)}`);
  }

  /**
   * What is going on now.
   * @param plain whether it is also a line now and then where lines cannot be rewritten
   */
  show(text: string, plain = false): void {
    if (this.options.quiet) return;
    this.text = oneLine(text);
    if (this.terminal.isTTY) {
      this.timer ??= setInterval(() => this.draw(), 120).unref();
      this.draw();
    } else if (plain && this.now() - this.lastPlain >= (this.options.plainEveryMs ?? 30_000)) {
      this.lastPlain = this.now();
      this.terminal.write(`${this.text}\n`);
    }
  }

  private draw(): void {
    if (!this.terminal.isTTY || !this.text) return;
    const line = `${FRAMES[this.frame++ % FRAMES.length]} ${this.text}`;
    this.terminal.write(`\r\x1b[2K${line.slice(0, Math.max(20, this.terminal.columns - 1))}`);
  }

  private clear(): void {
    if (this.terminal.isTTY && this.text) this.terminal.write('\r\x1b[2K');
  }
}

function planText(units: number, stored: number): string {
  const all = `${units} unit${units === 1 ? '' : 's'}`;
  if (stored === units) return `nothing to do: ${all} reused`;
  return stored > 0 ? `${all}, ${stored} of them reused` : `${all} to measure`;
}

type UnitEvent = Extract<ProgressEvent, { unit: Unit }>;

/**
 * `12/40, 2 min 10 s left: attack of jem on test, examples 64-127, 3120 of about 12800 passes`: what matters most comes
 * first, since terminals cut the line.
 */
function unitText(event: UnitEvent): string {
  const { unit, status } = event;
  const place = `${requestText(event.job.request)}, examples ${unit.start}-${unit.end - 1}`;
  return `${status.done}/${status.units}${leftText(status)}${elsewhereText(status)}: ${place}${detailText(event)}`;
}

function detailText(event: UnitEvent): string {
  if (event.kind === 'unit-progress') return passText(event);
  if (event.kind === 'unit-started' || event.seconds === 0) return '';
  const { start, end } = event.unit;
  return `, ${Number(((end - start) / event.seconds).toPrecision(3))} examples/s`;
}

function passText({ passes, expected }: PassCount): string {
  return expected === undefined ? `, ${passes} passes` : `, ${passes} of about ${expected} passes`;
}

/** `writing the report, 12 of 40 done`; `summarising: Accuracy, 1 of 4 done, 120 of 1000 resamples of jem on test` */
function stageText({ text, done = 0, of, part }: Extract<ProgressEvent, { kind: 'stage' }>): string {
  const whole = of === undefined ? text : `${text}, ${done} of ${of} done`;
  return part ? `${whole}, ${part.done} of ${part.of} ${part.what}` : whole;
}

const elsewhereText = ({ elsewhere }: Status): string =>
  elsewhere === undefined ? '' : `, ${elsewhere} by other processes`;

function leftText({ secondsLeft }: Status): string {
  if (secondsLeft === undefined) return '';
  return `, ${secondsLeft < 10 ? `${Math.ceil(secondsLeft)} s` : formatDuration(secondsLeft)} left`;
}
