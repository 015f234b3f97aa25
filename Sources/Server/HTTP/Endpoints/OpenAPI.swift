// The HTTP endpoints for machines. A test compares its paths with the router's.

let openAPIDocument = #"""
    {
      "openapi": "3.1.0",
      "info": {
        "title": "makima",
        "version": "1",
        "description": "Streamed speech from Qwen3-TTS. The WebSocket doors /api/v1/speak and /api/v1/listen are described in docs/protocol.md."
      },
      "security": [{}, {"bearer": []}],
      "paths": {
        "/health": {
          "get": {
            "summary": "Whether the process serves",
            "operationId": "health",
            "security": [],
            "responses": {"200": {"description": "It does", "content": {"application/json": {"schema": {"type": "object"}}}}}
          }
        },
        "/ready": {
          "get": {
            "summary": "Whether the model is loaded",
            "operationId": "ready",
            "security": [],
            "responses": {
              "200": {"description": "It is", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Readiness"}}}},
              "503": {"description": "Not yet", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Readiness"}}}}
            }
          }
        },
        "/metrics": {
          "get": {
            "summary": "Counters for Prometheus",
            "operationId": "metrics",
            "security": [],
            "responses": {"200": {"description": "Text exposition format 0.0.4", "content": {"text/plain": {"schema": {"type": "string"}}}}}
          }
        },
        "/openapi.json": {
          "get": {
            "summary": "This document",
            "operationId": "openapi",
            "security": [],
            "responses": {"200": {"description": "OpenAPI 3.1", "content": {"application/json": {"schema": {"type": "object"}}}}}
          }
        },
        "/api/v1/speak": {
          "get": {
            "summary": "WebSocket: speak",
            "operationId": "speak",
            "responses": {"101": {"description": "WebSocket"}, "426": {"$ref": "#/components/responses/Error"}}
          }
        },
        "/api/v1/listen": {
          "get": {
            "summary": "WebSocket: listen",
            "operationId": "listen",
            "responses": {"101": {"description": "WebSocket"}, "426": {"$ref": "#/components/responses/Error"}}
          }
        },
        "/api/v1/voices": {
          "get": {
            "summary": "All voices, the default first",
            "operationId": "listVoices",
            "responses": {
              "200": {"description": "Voices", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/VoiceList"}}}},
              "401": {"$ref": "#/components/responses/Error"}
            }
          },
          "post": {
            "summary": "Make a voice from a recording",
            "operationId": "addVoice",
            "requestBody": {
              "required": true,
              "content": {"multipart/form-data": {"schema": {"$ref": "#/components/schemas/VoiceForm"}}}
            },
            "responses": {
              "201": {"description": "The voice and a report on the recording", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/AddedVoice"}}}},
              "400": {"$ref": "#/components/responses/Error"},
              "401": {"$ref": "#/components/responses/Error"},
              "409": {"$ref": "#/components/responses/Error"},
              "413": {"$ref": "#/components/responses/Error"},
              "415": {"$ref": "#/components/responses/Error"},
              "422": {"$ref": "#/components/responses/Error"}
            }
          }
        },
        "/api/v1/voices/{id}": {
          "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string", "pattern": "^[a-z0-9][a-z0-9-]{0,63}$"}}],
          "get": {
            "summary": "One voice",
            "operationId": "getVoice",
            "responses": {
              "200": {"description": "The voice", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Voice"}}}},
              "401": {"$ref": "#/components/responses/Error"},
              "404": {"$ref": "#/components/responses/Error"}
            }
          },
          "delete": {
            "summary": "Remove a voice",
            "operationId": "removeVoice",
            "responses": {
              "204": {"description": "Removed"},
              "401": {"$ref": "#/components/responses/Error"},
              "403": {"$ref": "#/components/responses/Error"},
              "404": {"$ref": "#/components/responses/Error"},
              "409": {"$ref": "#/components/responses/Error"}
            }
          }
        }
      },
      "components": {
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        "responses": {
          "Error": {"description": "What went wrong", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}}
        },
        "schemas": {
          "Error": {
            "type": "object",
            "required": ["error"],
            "properties": {
              "error": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {
                  "code": {"type": "string"},
                  "message": {"type": "string"},
                  "field": {"type": "string"},
                  "retryAfterMs": {"type": "integer"}
                }
              },
              "report": {"$ref": "#/components/schemas/ClipReport"}
            }
          },
          "Readiness": {
            "type": "object",
            "required": ["status"],
            "properties": {
              "status": {"enum": ["ready", "unloaded", "loading", "failed", "stopping"]},
              "message": {"type": "string"},
              "model": {
                "type": "object",
                "required": ["name", "variant", "format", "sampleRate", "languages", "speakers", "clones"],
                "properties": {
                  "name": {"type": "string"},
                  "variant": {"type": "string"},
                  "format": {"type": "string"},
                  "sampleRate": {"type": "integer"},
                  "languages": {"type": "array", "items": {"type": "string"}},
                  "speakers": {"type": "array", "items": {"type": "string"}},
                  "clones": {"type": "boolean"}
                }
              }
            }
          },
          "Voice": {
            "type": "object",
            "required": ["id", "name", "language", "description", "isDefault", "mode", "isBuiltIn"],
            "properties": {
              "id": {"type": "string"},
              "name": {"type": "string"},
              "language": {"type": "string"},
              "description": {"type": "string"},
              "isDefault": {"type": "boolean"},
              "mode": {"enum": ["x-vector", "icl", "preset"]},
              "isBuiltIn": {"type": "boolean"},
              "synthetic": {"type": "boolean"},
              "consent": {"type": "string"},
              "source": {"type": "string"},
              "license": {"type": "string"}
            }
          },
          "VoiceList": {
            "type": "object",
            "required": ["voices"],
            "properties": {"voices": {"type": "array", "items": {"$ref": "#/components/schemas/Voice"}}}
          },
          "VoiceForm": {
            "type": "object",
            "required": ["audio", "name", "consent"],
            "properties": {
              "audio": {"type": "string", "format": "binary"},
              "name": {"type": "string"},
              "consent": {"type": "string"},
              "transcript": {"type": "string"},
              "language": {"type": "string"},
              "description": {"type": "string"},
              "id": {"type": "string"}
            }
          },
          "AddedVoice": {
            "type": "object",
            "required": ["voice", "report"],
            "properties": {
              "voice": {"$ref": "#/components/schemas/Voice"},
              "report": {"$ref": "#/components/schemas/ClipReport"}
            }
          },
          "ClipReport": {
            "type": "object",
            "required": ["durationSeconds", "sampleRate", "speechLevel", "noiseLevel", "clipped", "silence", "findings"],
            "properties": {
              "durationSeconds": {"type": "number"},
              "sampleRate": {"type": "integer"},
              "speechLevel": {"type": "number"},
              "noiseLevel": {"type": "number"},
              "clipped": {"type": "number"},
              "silence": {"type": "number"},
              "findings": {
                "type": "array",
                "items": {
                  "type": "object",
                  "required": ["severity", "about", "message"],
                  "properties": {
                    "severity": {"enum": ["error", "warning"]},
                    "about": {"type": "string"},
                    "message": {"type": "string"}
                  }
                }
              }
            }
          }
        }
      }
    }
    """#
