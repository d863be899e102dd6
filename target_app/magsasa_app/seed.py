# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deterministic sample data; seeding twice changes nothing."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import func, select

from .models import Farmer, LoanPayment, Order, OrderLine, Product

PROVINCES = ("Laguna", "Quezon", "Batangas", "Nueva Ecija", "Iloilo")
FIRST = ("Ana", "Ben", "Corazon", "Dante", "Elena", "Felipe", "Gloria", "Hector")
LAST = ("Reyes", "Santos", "Cruz", "Bautista", "Garcia", "Mendoza")
PRODUCTS = (
    ("RICE-SEED-20", "Rice seed, 20 kg", "1250.00"),
    ("UREA-50", "Urea, 50 kg", "1680.00"),
    ("NPK-50", "Complete fertilizer, 50 kg", "1540.00"),
    ("NET-10", "Crop net, 10 m", "420.50"),
    ("SPRAYER", "Knapsack sprayer", "2350.00"),
)
FARMERS = 60


def seed(session):
    """Fill an empty database; returns whether it did."""
    if session.scalar(select(func.count()).select_from(Farmer)):
        return False
    draw = random.Random(2026)
    products = [Product(sku=sku, name=name, price=Decimal(price)) for sku, name, price in PRODUCTS]
    session.add_all(products)
    session.flush()
    start = date(2026, 1, 5)
    for number in range(1, FARMERS + 1):
        farmer = Farmer(
            code="F%05d" % number,
            name="%s %s" % (draw.choice(FIRST), draw.choice(LAST)),
            province=PROVINCES[number % len(PROVINCES)],
            hectares=Decimal(draw.randint(30, 600)) / 100,
        )
        for _each in range(draw.randint(0, 4)):
            order = Order(placed_on=start + timedelta(days=draw.randint(0, 250)))
            for product in draw.sample(products, draw.randint(1, 3)):
                order.lines.append(OrderLine(product_id=product.id, quantity=draw.randint(1, 12), price=product.price))
            farmer.orders.append(order)
        for _each in range(draw.randint(0, 6)):
            farmer.payments.append(
                LoanPayment(
                    paid_on=start + timedelta(days=draw.randint(0, 250)), amount=Decimal(draw.randint(500, 9000))
                )
            )
        session.add(farmer)
    session.commit()
    return True
