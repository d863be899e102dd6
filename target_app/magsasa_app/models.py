# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The domain: farmers order inputs from the cooperative and pay their loans back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import List

from sqlalchemy import CheckConstraint, Date, ForeignKey, Numeric, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """Root of all tables."""


class Farmer(Base):
    """A member of the cooperative."""

    __tablename__ = "farmers"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(12), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    province: Mapped[str] = mapped_column(String(40), index=True)
    hectares: Mapped[Decimal] = mapped_column(Numeric(8, 2))
    orders: Mapped[List["Order"]] = relationship(back_populates="farmer", cascade="all, delete-orphan")
    payments: Mapped[List["LoanPayment"]] = relationship(back_populates="farmer", cascade="all, delete-orphan")
    __table_args__ = (CheckConstraint("hectares > 0", name="hectares_positive"),)


class Product(Base):
    """Something that farmers order."""

    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(String(16), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    __table_args__ = (CheckConstraint("price > 0", name="price_positive"),)


class Order(Base):
    """An order of one farmer."""

    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    farmer_id: Mapped[int] = mapped_column(ForeignKey("farmers.id", ondelete="CASCADE"), index=True)
    placed_on: Mapped[date] = mapped_column(Date)
    farmer: Mapped[Farmer] = relationship(back_populates="orders")
    lines: Mapped[List["OrderLine"]] = relationship(back_populates="order", cascade="all, delete-orphan")


class OrderLine(Base):
    """One product of an order, at the price of that day."""

    __tablename__ = "order_lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id", ondelete="CASCADE"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    quantity: Mapped[int]
    price: Mapped[Decimal] = mapped_column(Numeric(10, 2))
    order: Mapped[Order] = relationship(back_populates="lines")
    product: Mapped[Product] = relationship()
    __table_args__ = (
        UniqueConstraint("order_id", "product_id"),
        CheckConstraint("quantity > 0", name="quantity_positive"),
    )


class LoanPayment(Base):
    """A payment of a farmer on a loan."""

    __tablename__ = "loan_payments"
    id: Mapped[int] = mapped_column(primary_key=True)
    farmer_id: Mapped[int] = mapped_column(ForeignKey("farmers.id", ondelete="CASCADE"), index=True)
    paid_on: Mapped[date] = mapped_column(Date)
    amount: Mapped[Decimal] = mapped_column(Numeric(12, 2))
    farmer: Mapped[Farmer] = relationship(back_populates="payments")
    __table_args__ = (CheckConstraint("amount > 0", name="amount_positive"),)
