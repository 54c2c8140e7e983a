"""The same dialogue with a terminal in a thread and one in an event loop; a card that nobody shows; a PIN pad."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from aio.far_end import MemoryAsyncLink
from counter.desk import Clerk
from posrefund.aio import AsyncTerminal
from posrefund.counter import (
    AtReader,
    CardsToPractise,
    Counter,
    Dialogue,
    Effect,
    PadReader,
    perform,
    perform_async,
)
