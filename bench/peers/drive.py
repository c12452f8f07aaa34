"""Start the peers in the background and ask them for one repeat at a time.

    from drive import available_peers, skipped

    peers = available_peers(data_dir, "w1", 1.0)
    records = [peer.once() for _ in range(9) for peer in peers]
    for peer in peers:
        peer.close()

Standard library only; a peer that waits for its next request uses no processor time.
"""

import json
import os
import signal
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))

# name: variable with the path of the environment's python, script, further arguments
PEERS = {
    "brian2-cpp": ("NEUROEDGE_PEER_BRIAN2", "brian2_peer.py", ["--backend", "cpp_standalone"]),
    "brian2-numpy": ("NEUROEDGE_PEER_BRIAN2", "brian2_peer.py", ["--backend", "numpy"]),
    "nest": ("NEUROEDGE_PEER_NEST", "nest_peer.py", []),
    "torch": ("NEUROEDGE_PEER_TORCH", "torch_peer.py", []),
}

# why the last call of available_peers left a peer out: pairs (name, reason)
skipped = []


class PeerError(RuntimeError):
    """A peer script ended or answered something else than a record."""


class Peer:
    """A peer script that has built its network and waits for requests.

    The constructor returns after one discarded repeat (kept as `first`), so a compiler never
    works beside somebody else's measurement and the peer's caches are warm.
    """

    def __init__(self, command):
        self.command = list(command)
        # a file, because a pipe that nobody reads would block a talkative script
        self.messages = tempfile.TemporaryFile()
        try:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.messages,
                universal_newlines=True,
                bufsize=1,
                env=own_environment(),
                # with a compiler or a generated program of its own, all of which end together
                start_new_session=True,
            )
        except OSError:
            self.messages.close()
            raise
        try:
            self.first = self.once()
            self.name = self.first["peer"]
        except BaseException as error:
            # who interrupts does not wait for a compiler
            self.close(10 if isinstance(error, Exception) else 0.5)
            raise

    def once(self):
        """Run one repeat and return its record; PeerError if the peer could not."""
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        except (OSError, ValueError):
            pass  # it has ended; the empty answer below tells why
        line = "" if self.process.stdout.closed else self.process.stdout.readline()
        try:
            return json.loads(line)
        except ValueError:
            raise PeerError(self._reason(line)) from None

    def _reason(self, line):
        """Say why there was no record: the stray answer or the last thing the script wrote."""
        if line:
            return "answered %r" % line
        if self.messages.closed:
            return "closed"
        status = self.process.wait()
        self.messages.seek(0)
        text = self.messages.read().decode("utf-8", "replace").strip()
        return "ended with status %d: %s" % (status, text.splitlines()[-1] if text else "silent")

    def close(self, seconds=10):
        """End the script; one that is still busy after some seconds is terminated."""
        try:
            self.process.stdin.close()
        except OSError:
            pass
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                self.process.wait(seconds)
                break
            except subprocess.TimeoutExpired:
                self._signal(number)
        self.process.wait()
        # what the script started and left behind
        self._signal(signal.SIGKILL)
        self.process.stdout.close()
        self.messages.close()

    def _signal(self, number):
        """To the script and to all that it has started."""
        try:
            os.killpg(self.process.pid, number)
        except (ProcessLookupError, PermissionError):
            pass

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        self.close()


def own_environment():
    """Return the variables for a peer: without paths that would bring our packages into its environment."""
    return {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}


def command_of(name, data_dir, workload, dt):
    """Return the command line of a peer; KeyError if its environment is not named."""
    variable, script, more = PEERS[name]
    if not os.environ.get(variable):
        raise KeyError("%s is not set" % variable)
    command = [os.environ[variable], os.path.join(HERE, script), "--serve"]
    if name == "torch":
        # it learns one task, whatever the workload is called
        return command + ["--data", data_dir]
    return command + ["--workload", workload, "--dt", str(dt), "--data", data_dir] + more


def available_peers(data_dir, workload, dt, names=("brian2-cpp", "nest")):
    """Return the peers that are installed and simulate this workload, started one by one.

    `skipped` then holds (name, reason) of the others: no environment named, or a script that
    failed, a wrong firing rate included.
    """
    del skipped[:]
    peers = []
    try:
        for name in names:
            try:
                peers.append(Peer(command_of(name, data_dir, workload, dt)))
            except (KeyError, OSError, PeerError) as reason:
                text = reason.args[0] if isinstance(reason, KeyError) else str(reason)
                skipped.append((name, text))
    except BaseException:
        for peer in peers:
            peer.close()
        raise
    return peers
