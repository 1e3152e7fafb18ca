import { visible } from '../one-line.js';
import { painted } from './colour.js';

/*
 * The one place where text goes to a terminal. What names from elsewhere could do there is shown instead.
 */

/** To standard output. */
export const print = (text: string) => put(text, process.stdout);

/** To standard error. */
export const complain = (text: string) => put(text, process.stderr);

const put = (text: string, stream: NodeJS.WriteStream) => stream.write(painted(visible(text), stream));
