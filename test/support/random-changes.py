"""Random changes in a mounted tree, some of them forced to the disk with fsync: what a machine did before it stopped.

usage: random-changes.py TREE SEED COUNT

The same seed gives the same changes in the same tree. What fails (a name that is there, a full disk) is left out."""
import ctypes
import hashlib
import os
import random
import subprocess
import sys

tree, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
pick = random.Random(seed)
libc = ctypes.CDLL(None)


def paths(directories):
    found = [tree] if directories else []
    for folder, subfolders, files in os.walk(tree):
        found += [os.path.join(folder, name) for name in (subfolders if directories else files)]
    return sorted(found)


def new_name():
    stem = pick.choice(['f', 'name', 'x' * pick.choice([1, 30, 200]), 'ä'])
    return os.path.join(pick.choice(paths(True)), stem + str(pick.randrange(60)))


def content(length):
    line = hashlib.sha256(str(pick.random()).encode()).hexdigest().encode()
    return (line * (length // 64 + 1))[:length]


def is_file(path):
    return os.path.isfile(path) and not os.path.islink(path)


def force(path, chance=0.5):
    if pick.random() < chance and (is_file(path) or os.path.isdir(path) and not os.path.islink(path)):
        fd = os.open(path, os.O_RDONLY)
        os.fsync(fd)
        os.close(fd)


def append(path, length):
    if os.path.lexists(path) and not is_file(path):
        return
    with open(path, 'ab') as file:
        file.write(content(length))


def create(_):
    path = new_name()
    append(path, pick.choice([0, 10, 2000, 4096, 5000, 100000]))
    force(path)


def overwrite(path):
    if is_file(path):
        fd = os.open(path, os.O_RDWR)
        for _ in range(pick.choice([1, 1, 5, 30])):
            os.pwrite(fd, content(pick.choice([10, 4096, 9000])), pick.choice([0, pick.randrange(300000), 4096 * pick.randrange(100)]))
        os.close(fd)
        force(path)


def cut(path):
    if is_file(path):
        os.truncate(path, pick.choice([0, 100, 4096, 5000, 90000, 300000]))
        force(path)


def allocate(path):
    if is_file(path):
        how = pick.choice([[], ['-n'], ['-z'], ['-p']])
        where = ['-o', str(4096 * pick.randrange(50)), '-l', str(4096 * pick.randrange(1, 60))]
        subprocess.run(['fallocate', *how, *where, path], stderr=subprocess.DEVNULL)
        force(path)


def rename(path):
    target = new_name() if pick.random() < 0.6 else pick.choice(paths(False))
    os.rename(path, target)
    force(target)


def move_folder(_):
    folders = paths(True)[1:]
    if folders:
        target = new_name()
        os.rename(pick.choice(folders), target)
        force(target)


def swap(path):
    other = pick.choice(paths(False) + paths(True)[1:])
    libc.renameat2(-100, path.encode(), -100, other.encode(), 2)
    force(path)


def replace(path):
    if is_file(path):
        append(path + '.new', pick.choice([100, 50000]))
        force(path + '.new', 1)
        os.rename(path + '.new', path)
        force(os.path.dirname(path))


def unlink(path):
    os.unlink(path)
    force(os.path.dirname(path), 0.3)


def unlink_open(path):
    if is_file(path):
        fd = os.open(path, os.O_RDWR)
        os.unlink(path)
        os.fsync(fd)
        append(path, 100)
        force(path, 0.3)


def link(path):
    target = new_name()
    os.link(path, target, follow_symlinks=False)
    force(pick.choice([path, target]))


def many_links(path):
    for _ in range(pick.choice([3, 40])):
        name = 'link%d-%s' % (pick.randrange(100), 'y' * pick.choice([5, 150]))
        os.link(path, os.path.join(pick.choice(paths(True)), name), follow_symlinks=False)
    force(path)


def make_folder(_):
    path = new_name()
    os.mkdir(path)
    append(os.path.join(path, 'in'), 50)
    force(pick.choice([path, os.path.join(path, 'in')]))


def remove_folder(_):
    folders = paths(True)[1:]
    if folders:
        path = pick.choice(folders)
        subprocess.run(['rm', '-rf', path], check=True)
        force(os.path.dirname(path))


def others(_):
    os.symlink(content(pick.choice([5, 300])).decode(), new_name())
    os.mknod(new_name(), 0o600 | pick.choice([0o10000, 0o20000, 0o140000]), os.makedev(4, 5))


def attribute(path):
    os.setxattr(path, 'user.' + pick.choice('abcdef'), content(pick.choice([3, 500, 2000])), follow_symlinks=False)
    force(path)


def remove_attributes(path):
    for name in os.listxattr(path, follow_symlinks=False):
        os.removexattr(path, name, follow_symlinks=False)
    force(path)


def mode(path):
    if is_file(path):
        os.chmod(path, pick.randrange(0o1000))
        force(path)


def force_any(path):
    force(pick.choice([path, pick.choice(paths(True))]), 1)


CHANGES = [create, create, create, overwrite, overwrite, cut, allocate, rename, rename, move_folder, swap, replace, replace, unlink,
           unlink_open, link, link, many_links, make_folder, remove_folder, others, attribute, remove_attributes, mode, force_any, force_any]
append(os.path.join(tree, 'first'), 10)
for _ in range(count):
    try:
        files = paths(False)
        pick.choice(CHANGES)(pick.choice(files) if files else tree)
    except OSError:
        pass
append(os.path.join(tree, 'last'), 10)
force(os.path.join(tree, 'last'), 1)
