# Runs commands and measures each: one JSON object a line in ({"argv", "cwd"}), one a line out. Times are of the command alone,
# from its start to its end; CPU time and peak memory are the kernel's own account of it and of all children it waited for.
# Python, because wait4(2) gives an account of one child and Node has no such call. The environment is small and the same for all: a
# variable like NODE_EXTRA_CA_CERTS makes Node start half as long again.
import json, os, sys, tempfile, time

ENVIRONMENT = {name: os.environ[name] for name in ('PATH', 'HOME', 'LANG', 'TMPDIR') if name in os.environ}

def run(argv, cwd):
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        null = os.open(os.devnull, os.O_RDONLY)
        start = time.monotonic()
        pid = os.fork()
        if pid == 0:
            try:
                os.chdir(cwd)
                os.dup2(null, 0), os.dup2(out.fileno(), 1), os.dup2(err.fileno(), 2)
                os.execvpe(argv[0], argv, ENVIRONMENT)
            except OSError as error:
                os.write(2, str(error).encode())
            os._exit(127)
        _, status, usage = os.wait4(pid, 0)
        wall = time.monotonic() - start
        os.close(null)
        said = []
        for stream in (out, err):
            stream.seek(0, os.SEEK_END)
            stream.seek(max(0, stream.tell() - 4096))
            said.append(stream.read().decode('utf-8', 'replace'))
    return {
        'status': os.waitstatus_to_exitcode(status), 'wall': wall, 'cpu': usage.ru_utime + usage.ru_stime,
        'peak': usage.ru_maxrss * 1024, 'stdout': said[0], 'stderr': said[1],
    }

for line in sys.stdin:
    job = json.loads(line)
    print(json.dumps(run(job['argv'], job['cwd'])), flush=True)
