"""Runs a program on a pseudo terminal, types what it is told and prints what came back: JSON in on stdin, JSON out.

In:  {"command": [...], "env": {...}, "rows": 24, "columns": 80, "steps": [STEP...], "timeout": 60}
STEP {"send": base64, "until": text or null, "quiet": seconds, "resize": [rows, columns] or null, "close": bool}
     types the bytes, then reads until `until` was seen (if given) and nothing more came for `quiet` seconds.
Out: {"outputs": [base64 for each step], "status": exit status (negative: signal) or null when it had to be killed}
"""
import base64, fcntl, json, os, pty, re, select, signal, struct, sys, termios, time

job = json.load(sys.stdin)
deadline = time.monotonic() + job.get("timeout", 60)
pid, master = pty.fork()
if pid == 0:
    os.execvpe(job["command"][0], job["command"], {**os.environ, **job.get("env", {})})


def resize(rows, columns):
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


resize(job.get("rows", 24), job.get("columns", 80))
outputs, open_ = [], True
for step in job["steps"]:
    if step.get("resize"):
        resize(*step["resize"])
        os.kill(pid, signal.SIGWINCH)
    pending = base64.b64decode(step.get("send", ""))
    until, quiet = step.get("until"), step.get("quiet", 0.4)
    seen, last = b"", time.monotonic()
    while open_ and time.monotonic() < deadline:
        readable, writable, _ = select.select([master], [master] if pending else [], [], 0.05)
        if readable:
            try:
                data = os.read(master, 65536)
            except OSError:
                data = b""
            if not data:
                open_ = False
                break
            seen, last = seen + data, time.monotonic()
            if len(seen) > 64 << 20:
                seen = seen[-1024:]
        if pending and writable:
            try:
                pending = pending[os.write(master, pending[:256]):]
                last = time.monotonic()
            except OSError:
                open_ = False
        found = until is None or until.encode() in seen
        if not pending and found and time.monotonic() - last >= quiet:
            break
    outputs.append(base64.b64encode(seen).decode())
    if step.get("close"):
        os.close(master)
        open_ = False

# A program that goes on after the last step loses its terminal.
status, hangup = None, time.monotonic() + 1
while time.monotonic() < deadline:
    done, code = os.waitpid(pid, os.WNOHANG)
    if done:
        status = os.waitstatus_to_exitcode(code)
        break
    if open_ and time.monotonic() > hangup:
        os.close(master)
        open_ = False
    if open_ and select.select([master], [], [], 0.05)[0]:
        try:
            open_ = len(os.read(master, 65536)) > 0
        except OSError:
            open_ = False
    else:
        time.sleep(0.02)
if status is None:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
json.dump({"outputs": outputs, "status": status}, sys.stdout)
