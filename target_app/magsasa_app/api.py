# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON API: lists with paging, one by id, and what can be created."""
from __future__ import annotations

from datetime import date
from decimal import Decimal, InvalidOperation

from flask import Blueprint, current_app, jsonify, request
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from .models import Farmer, LoanPayment, Order, OrderLine, Product

api = Blueprint("api", __name__, url_prefix="/api")
MOST = 100


class BadRequest(Exception):
    """What a client sent cannot be used; the text says what and why."""


def _call(work):
    return current_app.config["DATABASE"].call(work)


def _whole(name, value, low, high):
    if isinstance(value, bool) or not str(value).isdigit() or not low <= int(value) <= high:
        raise BadRequest("%s: '%s' is not a whole number from %d to %d" % (name, str(value)[:40], low, high))
    return int(value)


def _body(*names):
    sent = request.get_json(silent=True)
    if not isinstance(sent, dict):
        raise BadRequest("the body must be a JSON object")
    missing = [name for name in names if name not in sent]
    if missing:
        raise BadRequest("%s: is missing" % missing[0])
    return sent


def _text(name, value, longest):
    if not isinstance(value, str) or not 0 < len(value.strip()) <= longest:
        raise BadRequest("%s: must be a text of 1 to %d characters" % (name, longest))
    return value.strip()


def _money(name, value):
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal(0)
    if not (amount.is_finite() and 0 < amount < 10**9):
        raise BadRequest("%s: '%s' is not an amount above 0" % (name, str(value)[:40]))
    return amount.quantize(Decimal("0.01"))


def farmer_out(f):
    """A farmer as JSON."""
    return {"id": f.id, "code": f.code, "name": f.name, "province": f.province, "hectares": float(f.hectares)}


def product_out(p):
    """A product as JSON."""
    return {"id": p.id, "sku": p.sku, "name": p.name, "price": float(p.price)}


def order_out(o):
    """An order with its lines as JSON."""
    lines = [{"product_id": line.product_id, "quantity": line.quantity, "price": float(line.price)} for line in o.lines]
    return {"id": o.id, "farmer_id": o.farmer_id, "placed_on": o.placed_on.isoformat(), "lines": lines, "total": round(sum(x["quantity"] * x["price"] for x in lines), 2)}


def payment_out(p):
    """A loan payment as JSON."""
    return {"id": p.id, "farmer_id": p.farmer_id, "paid_on": p.paid_on.isoformat(), "amount": float(p.amount)}


KINDS = {"farmers": (Farmer, farmer_out), "products": (Product, product_out), "orders": (Order, order_out), "payments": (LoanPayment, payment_out)}


@api.get("/<any(farmers, products, orders, payments):kind>")
def listed(kind):
    """A page of a kind, by id."""
    limit = _whole("limit", request.args.get("limit", "20"), 1, MOST)
    offset = _whole("offset", request.args.get("offset", "0"), 0, 10**9)
    model, out = KINDS[kind]
    return jsonify(items=_call(lambda s: [out(each) for each in s.scalars(select(model).order_by(model.id).limit(limit).offset(offset))]), limit=limit, offset=offset)


@api.get("/<any(farmers, products, orders, payments):kind>/<int:number>")
def one(kind, number):
    """One by id."""
    model, out = KINDS[kind]

    def work(session):
        found = session.get(model, number)
        return out(found) if found else None

    found = _call(work)
    return (jsonify(found), 200) if found else (jsonify(error="%s: there is no number %d" % (kind, number)), 404)


@api.post("/farmers")
def create_farmer():
    """A new member."""
    sent = _body("code", "name", "province", "hectares")
    values = {name: _text(name, sent[name], longest) for name, longest in (("code", 12), ("name", 80), ("province", 40))}
    values["hectares"] = _money("hectares", sent["hectares"])

    def work(session):
        found = Farmer(**values)
        session.add(found)
        try:
            session.commit()
        except IntegrityError:
            raise BadRequest("code: '%s' is taken" % values["code"])
        return farmer_out(found)

    return jsonify(_call(work)), 201


@api.post("/orders")
def create_order():
    """A new order of a farmer, at today's prices."""
    sent = _body("farmer_id", "lines")
    farmer_id = _whole("farmer_id", sent["farmer_id"], 1, 10**9)
    if not isinstance(sent["lines"], list) or not 0 < len(sent["lines"]) <= 50 or not all(isinstance(x, dict) for x in sent["lines"]):
        raise BadRequest("lines: must be a list of 1 to 50 objects with product_id and quantity")
    wanted = {_whole("product_id", x.get("product_id"), 1, 10**9): _whole("quantity", x.get("quantity"), 1, 10000) for x in sent["lines"]}

    def work(session):
        if session.get(Farmer, farmer_id) is None:
            raise BadRequest("farmer_id: there is no farmer %d" % farmer_id)
        order = Order(farmer_id=farmer_id, placed_on=date.today())
        for product_id, quantity in wanted.items():
            product = session.get(Product, product_id)
            if product is None:
                raise BadRequest("product_id: there is no product %d" % product_id)
            order.lines.append(OrderLine(product_id=product_id, quantity=quantity, price=product.price))
        session.add(order)
        session.commit()
        return order_out(order)

    return jsonify(_call(work)), 201


@api.post("/payments")
def create_payment():
    """A payment of a farmer."""
    sent = _body("farmer_id", "amount")
    farmer_id, amount = _whole("farmer_id", sent["farmer_id"], 1, 10**9), _money("amount", sent["amount"])

    def work(session):
        if session.get(Farmer, farmer_id) is None:
            raise BadRequest("farmer_id: there is no farmer %d" % farmer_id)
        found = LoanPayment(farmer_id=farmer_id, amount=amount, paid_on=date.today())
        session.add(found)
        session.commit()
        return payment_out(found)

    return jsonify(_call(work)), 201
