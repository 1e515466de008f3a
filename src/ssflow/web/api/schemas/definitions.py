"""Deployments and process definitions."""

from marshmallow import Schema, fields


class ProblemSchema(Schema):
    """Something to mend in a file."""

    file = fields.String()
    element_id = fields.String(allow_none=True)
    line = fields.Integer(allow_none=True)
    code = fields.String()
    message = fields.String()
    severity = fields.String()


class ProblemsSchema(Schema):
    """Everything that a check found."""

    problems = fields.List(fields.Nested(ProblemSchema))


class DefinitionNameSchema(Schema):
    """A process in one version."""

    key = fields.String()
    version = fields.Integer()


class DeploymentSchema(Schema):
    """Files published together."""

    id = fields.UUID()
    sha256 = fields.String()
    area = fields.String()
    deployed_at = fields.AwareDateTime()
    comment = fields.String()


class DeploymentOutcomeSchema(Schema):
    """What a deployment led to."""

    id = fields.UUID(attribute="deployment.id")
    sha256 = fields.String(attribute="deployment.sha256")
    definitions = fields.List(fields.Nested(DefinitionNameSchema))
    warnings = fields.List(fields.Nested(ProblemSchema))


class DefinitionSchema(Schema):
    """One version of a process."""

    key = fields.String()
    version = fields.Integer()
    name = fields.String()
    deployment_id = fields.UUID()
    deployed_at = fields.AwareDateTime()
