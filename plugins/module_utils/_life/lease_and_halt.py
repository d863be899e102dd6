# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ends a fault before its deadline: a lease that nobody renewed, a probe that shows too much harm. Private to
magsasa.chaos.
"""

from __future__ import annotations

import os
import time

from .._ledger import private_files


def lease_path(ledger, fault_id):
    """The file that holds the moment of the last renewal (CLOCK_MONOTONIC)."""
    return os.path.join(ledger.folders.run, fault_id + ".lease")


def renew(ledger, fault_id):
    """Renew the lease of a fault: it runs anew from now. Replaced as a whole, as the supervisor may read it at any
    time. Raises HostError.
    """
    private_files.write_private(lease_path(ledger, fault_id), "%.6f\n" % time.monotonic(), durable=False)
    if ledger.read(fault_id) is None:  # undone meanwhile: nobody else would take the file away
        private_files.remove(lease_path(ledger, fault_id))


def lease_over(ledger, record):
    """ "lease" when the fault has one and it ran out, else None."""
    lease = record.get("lease_s")
    if not lease:
        return None
    renewed = record["injected_at"]["monotonic"]
    try:
        with open(lease_path(ledger, record["id"])) as source:
            renewed = max(renewed, float(source.read(32)))
    except (OSError, ValueError):
        pass
    return "lease" if time.monotonic() > renewed + lease else None


def condition_met(ledger, record, window):
    """ "halt_condition" when the named probe of this host shows what ``halt_on`` forbids; the figures go into the
    record.

    ``window(path, seconds)`` reads the newest figures of a recorder (``_probe.live.window``): nothing here knows how
    probes are written down.
    """
    wanted = record.get("halt_on")
    if not wanted:
        return None
    since = time.monotonic() - record["injected_at"]["monotonic"]
    if since < wanted["for_s"]:
        return None
    samples = os.path.join(ledger.folders.run, "probes", wanted["probe"], "samples.tsv")
    seen = window(samples, wanted["for_s"])
    if not seen or not seen.get("sent"):
        return None
    if wanted.get("error_rate_pct") is not None and seen["error_rate_pct"] >= wanted["error_rate_pct"]:
        record["halted_by"] = "error rate %.1f %% over %g s, limit %g %%" % (
            seen["error_rate_pct"],
            wanted["for_s"],
            wanted["error_rate_pct"],
        )
        return "halt_condition"
    if wanted.get("latency_ms") is not None and seen["sent"] and not seen["answered"]:
        record["halted_by"] = "none of %d probes was answered within %g s; the latency limit is %g ms" % (
            seen["sent"],
            wanted["for_s"],
            wanted["latency_ms"],
        )
        return "halt_condition"
    if wanted.get("latency_ms") is not None and (seen.get("p50_ms") or 0) >= wanted["latency_ms"]:
        record["halted_by"] = "median latency %.0f ms over %g s, limit %g ms" % (
            seen["p50_ms"],
            wanted["for_s"],
            wanted["latency_ms"],
        )
        return "halt_condition"
    return None
