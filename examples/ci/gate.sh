#!/usr/bin/env bash
# Measures and gates from any shell: Jenkins, cron, a Makefile.
#   gate.sh RUN_FILE RUN_FOLDER
# Ends as `assay run` does: 0 all is well, 1 a gate failed, 2 something could not be measured, 130 interrupted.
set -uo pipefail
run_file=$1 out=$2

assay run "$run_file" --out "$out" --quiet \
  --reporter junit --outputFile "junit=$out/ci/junit.xml" \
  --reporter badge --outputFile "badge=$out/ci/badge.json"
code=$?

case $code in
  0) echo "passed: $out/report.html" ;;
  1) echo "a gate failed: $out/report.html" ;;
  # Killed for memory (137) or ended by a supervisor (143): the same command continues where it stopped.
  130 | 137 | 143) echo "interrupted: run it again to continue" ;;
  *) echo "not everything could be measured: see above" ;;
esac
exit "$code"
