# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The JSON API: pages of a kind, one by number, and what can be created."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, current_app, jsonify, request
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import selectinload

from .fields import BIGGEST, BadRequest, amount, body, text, whole
from .models import Farmer, LoanPayment, Order, OrderLine, Product

__all__ = ["BadRequest", "api"]
api = Blueprint("api", __name__, url_prefix="/api")
LONGEST_PAGE = 100
MOST_LINES = 50


def farmer_out(farmer):
    """A farmer as JSON."""
    return {
        "id": farmer.id,
        "code": farmer.code,
        "name": farmer.name,
        "province": farmer.province,
        "hectares": float(farmer.hectares),
    }


def product_out(product):
    """A product as JSON."""
    return {"id": product.id, "sku": product.sku, "name": product.name, "price": float(product.price)}


def order_out(order):
    """An order with its lines as JSON."""
    lines = [
        {"product_id": line.product_id, "quantity": line.quantity, "price": float(line.price)} for line in order.lines
    ]
    total = sum(line.quantity * line.price for line in order.lines)
    return {
        "id": order.id,
        "farmer_id": order.farmer_id,
        "placed_on": order.placed_on.isoformat(),
        "lines": lines,
        "total": float(total),
    }


def payment_out(payment):
    """A loan payment as JSON."""
    return {
        "id": payment.id,
        "farmer_id": payment.farmer_id,
        "paid_on": payment.paid_on.isoformat(),
        "amount": float(payment.amount),
    }


KINDS = {
    "farmers": (Farmer, farmer_out, ()),
    "products": (Product, product_out, ()),
    "orders": (Order, order_out, (selectinload(Order.lines),)),
    "payments": (LoanPayment, payment_out, ()),
}
KIND = "<any(%s):kind>" % ", ".join(KINDS)


def _call(work):
    return current_app.extensions["database"].call(work)


def _created(work):
    return jsonify(_call(work)), 201


@api.get("/" + KIND)
def page(kind):
    """A page of a kind, by number, and how many there are."""
    limit = whole("limit", request.args.get("limit", "20"), 1, LONGEST_PAGE)
    offset = whole("offset", request.args.get("offset", "0"), 0, BIGGEST)
    model, out, options = KINDS[kind]

    def work(session):
        found = session.scalars(select(model).options(*options).order_by(model.id).limit(limit).offset(offset))
        return {
            "items": [out(each) for each in found],
            "total": session.scalar(select(func.count()).select_from(model)),
        }

    return jsonify(dict(_call(work), limit=limit, offset=offset))


@api.get("/" + KIND + "/<int:number>")
def one(kind, number):
    """One by number."""
    model, out, _options = KINDS[kind]

    def work(session):
        found = session.get(model, number) if number <= BIGGEST else None
        return out(found) if found else None

    found = _call(work)
    return (jsonify(found), 200) if found else (jsonify(error="%s: there is no number %d" % (kind, number)), 404)


@api.post("/farmers")
def create_farmer():
    """A new member."""
    sent = body("code", "name", "province", "hectares")
    values = {name: text(name, sent[name], longest) for name, longest in (("code", 12), ("name", 80), ("province", 40))}
    values["hectares"] = amount("hectares", sent["hectares"], 10**5)
    return _created(lambda session: farmer_out(_unique(session, Farmer(**values), "code", values["code"])))


@api.post("/products")
def create_product():
    """Something new to order."""
    sent = body("sku", "name", "price")
    values = {name: text(name, sent[name], longest) for name, longest in (("sku", 16), ("name", 80))}
    values["price"] = amount("price", sent["price"], 10**6)
    return _created(lambda session: product_out(_unique(session, Product(**values), "sku", values["sku"])))


@api.post("/orders")
def create_order():
    """A new order of a farmer, at today's prices."""
    sent = body("farmer_id", "lines")
    farmer_id = whole("farmer_id", sent["farmer_id"], 1, BIGGEST)
    wanted = _lines(sent["lines"])

    def work(session):
        _need_farmer(session, farmer_id)
        order = Order(farmer_id=farmer_id, placed_on=date.today())
        for product_id, quantity in wanted.items():
            product = session.get(Product, product_id)
            if product is None:
                raise BadRequest("product_id: there is no product %d" % product_id)
            order.lines.append(OrderLine(product_id=product_id, quantity=quantity, price=product.price))
        session.add(order)
        session.commit()
        return order_out(order)

    return _created(work)


@api.post("/payments")
def create_payment():
    """A payment of a farmer."""
    sent = body("farmer_id", "amount")
    farmer_id = whole("farmer_id", sent["farmer_id"], 1, BIGGEST)
    paid = amount("amount", sent["amount"], 10**8)

    def work(session):
        _need_farmer(session, farmer_id)
        payment = LoanPayment(farmer_id=farmer_id, amount=paid, paid_on=date.today())
        session.add(payment)
        session.commit()
        return payment_out(payment)

    return _created(work)


def _lines(sent):
    """{product number: quantity} of the lines of an order."""
    if (
        not isinstance(sent, list)
        or not 0 < len(sent) <= MOST_LINES
        or not all(isinstance(each, dict) for each in sent)
    ):
        raise BadRequest("lines: must be a list of 1 to %d objects with product_id and quantity" % MOST_LINES)
    wanted = {}
    for line in sent:
        product_id = whole("product_id", line.get("product_id"), 1, BIGGEST)
        if product_id in wanted:
            raise BadRequest("product_id: product %d is in two lines; put it in one" % product_id)
        wanted[product_id] = whole("quantity", line.get("quantity"), 1, 10000)
    return wanted


def _need_farmer(session, farmer_id):
    if session.get(Farmer, farmer_id) is None:
        raise BadRequest("farmer_id: there is no farmer %d" % farmer_id)


def _unique(session, new, name, value):
    """The stored row; BadRequest when another has the same ``name``."""
    session.add(new)
    try:
        session.commit()
    except IntegrityError:
        raise BadRequest("%s: '%s' is taken" % (name, value)) from None
    return new
