"""Last act: everything once more, which must write nothing."""

from __future__ import annotations

from stack.play.rows import Row
from stack.play.scene import Scene

FLOWS = ("orders", "fulfilment", "stock", "invoices", "payouts")


def second_pass(scene: Scene) -> list[Row]:
    """Run all flows again and count what they write in any system."""
    scene.say("once more: a second pass must write nothing")
    for system in scene.urls:
        scene.control(system, "counters/reset")
    scene.run(*FLOWS)
    writes = sum(int(scene.counters(system)["writes"]) for system in scene.urls)
    return [Row("all systems", "writes of a second pass", "0", str(writes))]
