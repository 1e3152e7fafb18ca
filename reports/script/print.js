// On paper what is folded stays folded, and of plots the first ones stand. `Print everything`, or `?print=everything`, opens
// and shows all of it.
function printEverything() {
  const opened = [];
  document.documentElement.dataset.print = 'everything';
  for (let closed = [1]; closed.length > 0; ) {
    closed = [...document.querySelectorAll('details:not([open])')];
    for (const details of closed) {
      unfold(details);
      details.open = true;
    }
    opened.push(...closed);
  }
  return opened;
}
const everything = button('Print everything', () => {
  printing.all = true;
  const opened = printEverything();
  addEventListener(
    'afterprint',
    () => {
      for (const details of opened) details.open = false;
      if (address.get('print') !== 'everything') delete document.documentElement.dataset.print;
      setTimeout(() => {
        printing.all = false;
      });
    },
    { once: true },
  );
  print();
});
everything.className = 'theme';
document.querySelector('footer')?.prepend(everything);
if (address.get('print') === 'everything') {
  printing.all = true;
  printEverything();
}
