#!/bin/bash
# One model on four hosts of a SLURM cluster, a process for each of their eight GPUs:   sbatch docs/cluster/slurm.sh
# Whether the cluster would take it, without starting it:                               sbatch --test-only docs/cluster/slurm.sh
#SBATCH --job-name=latently
#SBATCH --nodes=4
#SBATCH --ntasks-per-node=8
#SBATCH --gpus-per-node=8
#SBATCH --cpus-per-task=8
#SBATCH --time=12:00:00
#SBATCH --signal=TERM@120
#SBATCH --requeue
#SBATCH --open-mode=append
set -euo pipefail

RUN=${RUN:-runs/vae-cluster}     # a folder that all hosts see
DATA=${DATA:-rows.npy}           # likewise

# Two minutes before the time is over, --signal has every process end its chunk and the first one write a checkpoint; a
# job that is queued again, or started again by hand, goes on from it, on any number of processes.
if [ -e "$RUN/config.json" ]; then
  srun --kill-on-bad-exit=1 latently resume "$RUN" --distributed
else
  srun --kill-on-bad-exit=1 latently fit vae --data "$DATA" --batch-size 4096 --out "$RUN" --distributed
fi
