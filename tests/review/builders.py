"""Accounts for tests that need no database."""

from dataclasses import replace

from pipeline.domain.accounts import Account, AccountRole


def account(role: AccountRole = AccountRole.REVIEWER, **changes) -> Account:
    """An account of that role."""
    return replace(Account(1, "lin", "林晓燕", role), **changes)
