import type { Better } from '../../suites/results.js';
import type { Grid, GridCell, GridColumn } from '../latex/grid.js';
import type { TableWidth } from '../latex/layout.js';
import type { Candidate } from './candidates.js';

/** A table that is ready to be written in any format. */
export interface PaperTable extends Grid {
  id: string;
  caption: string;
  label: string;
  width: TableWidth;
  columns: PaperColumn[];
  rows: PaperCell[][];
  /** What a reader of its file should know: the marks, the intervals, the runs. */
  remarks: string[];
}

export interface PaperColumn extends GridColumn {
  /** Without unit and arrow, for files that are read by programs. */
  name: string;
  better: Better;
}

export interface PaperCell extends GridCell {
  /** Absent where nothing was measured, and of text. */
  data?: CellData;
}

/** A value at full precision. */
export interface CellData {
  value: number;
  interval: readonly [number, number] | null;
  n: number;
  /** Standard deviation over seeds (n - 1), and how many they are. */
  deviation?: number;
  seeds?: number;
  /** The measure that it is, where it is one alone. */
  from?: Pick<Candidate, 'run' | 'measure'>;
}
