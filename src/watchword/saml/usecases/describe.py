"""Describe ourselves to service providers."""

from datetime import timedelta

from watchword.saml.metadata import Description, build_metadata
from watchword.saml.usecases.identity import own_address, own_entity_id
from watchword.saml.usecases.keys import published_keys
from watchword.storage.work import Work
from watchword.tenants.policies import SamlIdentity
from watchword.tenants.usecases import read_policy


def describe_ourselves(work: Work) -> bytes:
    """Return the metadata of the tenant's identity provider; while a key is being changed it names both."""
    lifetime = timedelta(minutes=read_policy(work, SamlIdentity).metadata_minutes)
    description = Description(
        entity_id=own_entity_id(work), sso_url=own_address(work), valid_until=work.now + lifetime,
        certificates=[each.certificate for each in published_keys(work)],
    )  # fmt: skip
    return build_metadata(description)
