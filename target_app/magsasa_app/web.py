# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one page: the cooperative at a glance. Asked for JSON, it says which service this is."""

from __future__ import annotations

from flask import Blueprint, current_app, jsonify, render_template, request
from sqlalchemy import func, select

from . import SERVICE, __version__
from .models import Farmer, LoanPayment, Order, OrderLine

web = Blueprint("web", __name__)


def _summary(session):
    provinces = session.execute(
        select(Farmer.province, func.count()).group_by(Farmer.province).order_by(Farmer.province)
    ).all()
    return {
        "provinces": [tuple(row) for row in provinces],
        "farmers": session.scalar(select(func.count()).select_from(Farmer)),
        "orders": session.scalar(select(func.count()).select_from(Order)),
        "ordered": session.scalar(select(func.coalesce(func.sum(OrderLine.quantity * OrderLine.price), 0))),
        "paid": session.scalar(select(func.coalesce(func.sum(LoanPayment.amount), 0))),
    }


@web.get("/")
def index():
    """The page, or the service's name and version."""
    if request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json":
        return jsonify(service=SERVICE, version=__version__)
    return render_template(
        "index.html", service=SERVICE, version=__version__, **current_app.extensions["database"].call(_summary)
    )
