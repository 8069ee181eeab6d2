#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# One task for every part of a table: table/part-0.csv, table/part-1.csv, … to shards/.
#SBATCH --job-name=shards
#SBATCH --array=0-2
#SBATCH --cpus-per-task=2
#SBATCH --mem=2G
#SBATCH --time=00:10:00
set -euo pipefail

k=$SLURM_ARRAY_TASK_ID
mkdir -p shards
lmm-sparse crossprod 'y ~ service + (1 | s) + (1 | d)' "table/part-$k.csv" \
  --threads "${SLURM_CPUS_PER_TASK:-1}" -o "shards/part-$k.lmm"
