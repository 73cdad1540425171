"""The examples for clusters are what SLURM and Kubernetes read, and say what `latently` takes."""

import re
import shlex
import subprocess
from pathlib import Path

import yaml

from latently.cli.options import FitParser

FOLDER = Path(__file__).parents[1] / "docs" / "cluster"


def parsed(line):
    """What a line of `latently fit vae` asks for; it is an error if it cannot be read."""
    words = shlex.split(line)
    assert words[:3] == ["latently", "fit", "vae"]
    return FitParser("vae").parse_over(words[3:], {})


def test_the_script_for_slurm_starts_a_process_a_gpu_and_goes_on_with_a_run_that_is_there():
    path = FOLDER / "slurm.sh"
    subprocess.run(["bash", "-n", path], check=True)
    text = path.read_text()
    options = dict(re.findall(r"^#SBATCH --([\w-]+)=(\S+)$", text, re.MULTILINE))
    assert options["ntasks-per-node"] == options["gpus-per-node"] == "8"
    assert options["signal"] == "TERM@120"
    begin, go_on = re.findall(r"srun \S+ (latently (?:fit|resume).*)", text)[::-1]
    given = parsed(begin)
    assert given.distributed
    processes = int(options["nodes"]) * int(options["ntasks-per-node"])
    assert given.batch_size % processes == 0
    assert go_on == 'latently resume "$RUN" --distributed'


def test_the_jobset_gives_each_pod_its_number_and_all_the_address_of_the_first():
    jobset = yaml.safe_load((FOLDER / "jobset.yaml").read_text())
    assert (jobset["apiVersion"], jobset["kind"]) == ("jobset.x-k8s.io/v1alpha2", "JobSet")
    (workers,) = jobset["spec"]["replicatedJobs"]
    job = workers["template"]["spec"]
    assert job["completionMode"] == "Indexed"
    (container,) = job["template"]["spec"]["containers"]
    env = {each["name"]: each for each in container["env"]}
    name, port = jobset["metadata"]["name"], container["ports"][0]["containerPort"]
    assert env["JAX_COORDINATOR_ADDRESS"]["value"] == f"{name}-{workers['name']}-0-0.{name}:{port}"
    assert int(env["JAX_NUM_PROCESSES"]["value"]) == job["parallelism"] == job["completions"]
    number = env["JAX_PROCESS_ID"]["valueFrom"]["fieldRef"]["fieldPath"]
    assert number == "metadata.annotations['batch.kubernetes.io/job-completion-index']"
    (script,) = container["args"]
    subprocess.run(["sh", "-n"], input=script, text=True, check=True)
    given = parsed(re.search(r"latently fit.*", script)[0])
    assert given.distributed
    assert given.batch_size % job["parallelism"] == 0
    (mount,), (volume,) = container["volumeMounts"], job["template"]["spec"]["volumes"]
    assert mount["name"] == volume["name"]
    assert given.out.startswith(mount["mountPath"])
