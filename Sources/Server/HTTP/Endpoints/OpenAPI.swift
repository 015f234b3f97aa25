// The HTTP endpoints for machines. A test compares its paths with the router's.

let openAPIDocument = #"""
    {
      "openapi": "3.1.0",
      "info": {
        "title": "makima",
        "version": "1",
        "description": "Streamed speech from Qwen3-TTS. The WebSocket doors /api/v1/speak and /api/v1/listen are described in docs/protocol.md, /v1/realtime in docs/openai.md."
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
          "parameters": [{"name": "id", "in": "path", "required": true, "description": "Its id or its name, in any case", "schema": {"type": "string"}}],
          "get": {
            "summary": "One voice",
            "operationId": "getVoice",
            "responses": {
              "200": {"description": "The voice", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Voice"}}}},
              "401": {"$ref": "#/components/responses/Error"},
              "404": {"$ref": "#/components/responses/Error"}
            }
          },
          "patch": {
            "summary": "Rename a voice, or make it that of those who name none",
            "operationId": "changeVoice",
            "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/VoiceChange"}}}},
            "responses": {
              "200": {"description": "The voice as it is now", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Voice"}}}},
              "400": {"$ref": "#/components/responses/Error"},
              "401": {"$ref": "#/components/responses/Error"},
              "403": {"$ref": "#/components/responses/Error"},
              "404": {"$ref": "#/components/responses/Error"},
              "409": {"$ref": "#/components/responses/Error"},
              "413": {"$ref": "#/components/responses/Error"}
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
        },
        "/api/v1/words": {
          "post": {
            "summary": "What will be said of a text",
            "operationId": "words",
            "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/WordsRequest"}}}},
            "responses": {
              "200": {"description": "The words and pauses", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Words"}}}},
              "400": {"$ref": "#/components/responses/Error"},
              "401": {"$ref": "#/components/responses/Error"},
              "404": {"$ref": "#/components/responses/Error"},
              "413": {"$ref": "#/components/responses/Error"},
              "429": {"$ref": "#/components/responses/Error"}
            }
          }
        },
        "/api/v1/say": {
          "get": {
            "summary": "Speech as an address that a media player opens",
            "operationId": "say",
            "parameters": [
              {"name": "text", "in": "query", "required": true, "schema": {"type": "string"}},
              {"name": "voice", "in": "query", "schema": {"type": "string"}},
              {"name": "speed", "in": "query", "schema": {"type": "number", "minimum": 0.25, "maximum": 4}},
              {"name": "language", "in": "query", "schema": {"type": "string"}},
              {"name": "format", "in": "query", "schema": {"enum": ["mp3", "opus", "aac", "flac", "wav", "pcm"], "default": "mp3"}},
              {"name": "token", "in": "query", "description": "where the setting token-in-address allows it", "schema": {"type": "string"}}
            ],
            "responses": {
              "200": {"description": "Sound as it is made", "content": {"audio/*": {"schema": {"type": "string", "contentEncoding": "binary"}}}},
              "4XX": {"$ref": "#/components/responses/Error"},
              "5XX": {"$ref": "#/components/responses/Error"}
            }
          }
        },
        "/v1/audio/speech": {
          "post": {
            "summary": "OpenAI's speech interface",
            "operationId": "createSpeech",
            "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/SpeechRequest"}}}},
            "responses": {
              "200": {
                "description": "Sound as it is made, or its events",
                "content": {
                  "audio/*": {"schema": {"type": "string", "contentEncoding": "binary"}},
                  "text/event-stream": {"schema": {"type": "string"}}
                }
              },
              "4XX": {"$ref": "#/components/responses/OpenAIError"},
              "5XX": {"$ref": "#/components/responses/OpenAIError"}
            }
          }
        },
        "/v1/realtime": {
          "get": {
            "summary": "WebSocket: OpenAI's Realtime interface, text in and sound out",
            "operationId": "realtime",
            "parameters": [{"name": "model", "in": "query", "schema": {"type": "string"}}],
            "responses": {"101": {"description": "WebSocket"}, "426": {"$ref": "#/components/responses/Error"}}
          }
        },
        "/v1/audio/captions": {
          "post": {
            "summary": "When each sentence of a text is said, as subtitles; response_format is srt, vtt or json",
            "operationId": "createCaptions",
            "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/SpeechRequest"}}}},
            "responses": {
              "200": {
                "description": "Subtitles, or the sentences with estimates for their words",
                "content": {
                  "application/x-subrip": {"schema": {"type": "string"}},
                  "text/vtt": {"schema": {"type": "string"}},
                  "application/json": {"schema": {"type": "object"}}
                }
              },
              "4XX": {"$ref": "#/components/responses/OpenAIError"},
              "5XX": {"$ref": "#/components/responses/OpenAIError"}
            }
          }
        },
        "/v1/models": {
          "get": {
            "summary": "The loaded model and the names it answers to",
            "operationId": "listModels",
            "responses": {"200": {"description": "A list", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ModelList"}}}}}
          }
        },
        "/v1/models/{id}": {
          "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}],
          "get": {
            "summary": "One model",
            "operationId": "getModel",
            "responses": {
              "200": {"description": "The model", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Model"}}}},
              "404": {"$ref": "#/components/responses/OpenAIError"}
            }
          }
        },
        "/v1/audio/models": {
          "get": {
            "summary": "The same models, as Open WebUI asks for them",
            "operationId": "listAudioModels",
            "responses": {"200": {"description": "A list", "content": {"application/json": {"schema": {"type": "object"}}}}}
          }
        },
        "/v1/audio/voices": {
          "get": {
            "summary": "The voices, the default first; also as Open WebUI looks for them",
            "operationId": "listAudioVoices",
            "responses": {"200": {"description": "A list", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/OpenAIVoiceList"}}}}}
          },
          "post": {
            "summary": "Make a voice from a recording, in the shape of OpenAI's custom voices",
            "operationId": "createAudioVoice",
            "requestBody": {
              "required": true,
              "content": {"multipart/form-data": {"schema": {"$ref": "#/components/schemas/OpenAIVoiceForm"}}}
            },
            "responses": {
              "200": {"description": "The voice", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/OpenAIVoice"}}}},
              "4XX": {"$ref": "#/components/responses/OpenAIError"},
              "5XX": {"$ref": "#/components/responses/OpenAIError"}
            }
          }
        },
        "/v1/audio/voices/{id}": {
          "parameters": [{"name": "id", "in": "path", "required": true, "schema": {"type": "string"}}],
          "get": {
            "summary": "One voice",
            "operationId": "getAudioVoice",
            "responses": {
              "200": {"description": "The voice", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/OpenAIVoice"}}}},
              "4XX": {"$ref": "#/components/responses/OpenAIError"}
            }
          },
          "delete": {
            "summary": "Remove a voice",
            "operationId": "deleteAudioVoice",
            "responses": {
              "200": {"description": "Removed", "content": {"application/json": {"schema": {
                "type": "object", "required": ["id", "object", "deleted"],
                "properties": {"id": {"type": "string"}, "object": {"const": "audio.voice"}, "deleted": {"const": true}}}}}},
              "4XX": {"$ref": "#/components/responses/OpenAIError"},
              "5XX": {"$ref": "#/components/responses/OpenAIError"}
            }
          }
        },
        "/": {
          "get": {
            "summary": "The page to try it",
            "operationId": "page",
            "security": [],
            "responses": {"200": {"description": "HTML", "content": {"text/html": {"schema": {"type": "string"}}}}}
          }
        },
        "/page/{file}": {
          "get": {
            "summary": "How the page looks, and what it does",
            "operationId": "pageFile",
            "security": [],
            "parameters": [{"name": "file", "in": "path", "required": true, "schema": {"type": "string"}}],
            "responses": {
              "200": {"description": "A style sheet or a script", "content": {
                "text/css": {"schema": {"type": "string"}}, "text/javascript": {"schema": {"type": "string"}}}},
              "404": {"$ref": "#/components/responses/Error"}
            }
          }
        }
      },
      "components": {
        "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        "responses": {
          "Error": {"description": "What went wrong", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}},
          "OpenAIError": {"description": "What went wrong", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/OpenAIError"}}}}
        },
        "schemas": {
          "WordsRequest": {
            "type": "object",
            "required": ["text"],
            "properties": {
              "text": {"type": "string"}, "language": {"type": "string"}, "voice": {"type": "string"},
              "textFormat": {"enum": ["plain", "ssml"], "description": "ssml without it when the text begins with <speak"},
              "normalize": {"type": "boolean", "default": true}
            }
          },
          "Words": {
            "type": "object",
            "required": ["text", "language", "textFormat", "steps"],
            "properties": {
              "text": {"type": "string"},
              "language": {"type": "string"},
              "textFormat": {"enum": ["plain", "ssml"]},
              "steps": {
                "type": "array",
                "items": {"oneOf": [{"$ref": "#/components/schemas/Passage"}, {"$ref": "#/components/schemas/Pause"}]}
              }
            }
          },
          "Pause": {"type": "object", "required": ["pauseMs"], "properties": {"pauseMs": {"type": "integer"}}},
          "Passage": {
            "type": "object",
            "required": ["text", "start", "end"],
            "properties": {
              "text": {"type": "string"}, "language": {"type": "string"}, "rate": {"type": "number"},
              "start": {"type": "integer"}, "end": {"type": "integer"}
            }
          },
          "SpeechRequest": {
            "type": "object",
            "required": ["input", "voice"],
            "properties": {
              "model": {"type": "string"},
              "input": {"type": "string"},
              "voice": {"oneOf": [{"type": "string"}, {"type": "object", "properties": {"id": {"type": "string"}}}]},
              "instructions": {"type": "string"},
              "response_format": {
                "enum": ["mp3", "opus", "aac", "flac", "wav", "pcm"], "default": "mp3",
                "description": "flac is sent when it is whole; aac is refused unless the server has Debian's libvo-aacenc0."
              },
              "speed": {"type": "number", "minimum": 0.25, "maximum": 4, "default": 1},
              "stream_format": {"enum": ["audio", "sse"], "default": "audio"},
              "language": {"type": "string"},
              "text_format": {"enum": ["plain", "ssml"]},
              "normalize": {"type": "boolean", "default": true},
              "seed": {"type": "integer", "minimum": 0},
              "temperature": {"type": "number", "minimum": 0, "maximum": 10},
              "top_p": {"type": "number", "exclusiveMinimum": 0, "maximum": 1}
            }
          },
          "Model": {
            "type": "object",
            "required": ["id", "object", "created", "owned_by"],
            "properties": {
              "id": {"type": "string"},
              "object": {"const": "model"},
              "created": {"type": "integer"},
              "owned_by": {"type": "string"}
            }
          },
          "OpenAIVoice": {
            "type": "object",
            "required": ["id", "object", "created_at", "name"],
            "properties": {
              "id": {"type": "string"}, "object": {"const": "audio.voice"}, "created_at": {"type": "integer"}, "name": {"type": "string"}
            }
          },
          "OpenAIVoiceList": {
            "type": "object",
            "required": ["object", "data", "has_more", "voices"],
            "properties": {
              "object": {"const": "list"}, "has_more": {"const": false},
              "first_id": {"type": "string"}, "last_id": {"type": "string"},
              "data": {"type": "array", "items": {"$ref": "#/components/schemas/OpenAIVoice"}},
              "voices": {"type": "array", "items": {"$ref": "#/components/schemas/OpenAIVoice"}}
            }
          },
          "OpenAIVoiceForm": {
            "type": "object",
            "required": ["audio_sample", "name", "consent"],
            "properties": {
              "audio_sample": {"type": "string", "format": "binary"},
              "name": {"type": "string"},
              "consent": {"type": "string", "description": "who agreed to the use of their voice, and how"}
            }
          },
          "ModelList": {
            "type": "object",
            "required": ["object", "data"],
            "properties": {"object": {"const": "list"}, "data": {"type": "array", "items": {"$ref": "#/components/schemas/Model"}}}
          },
          "OpenAIError": {
            "type": "object",
            "required": ["error"],
            "properties": {
              "error": {
                "type": "object",
                "required": ["message", "type", "param", "code"],
                "properties": {
                  "message": {"type": "string"},
                  "type": {"type": "string"},
                  "param": {"type": ["string", "null"]},
                  "code": {"type": ["string", "null"]}
                }
              }
            }
          },
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
            "required": ["status", "limits"],
            "properties": {
              "status": {"enum": ["ready", "busy", "unloaded", "loading", "failed", "stopping"]},
              "message": {"type": "string"},
              "limits": {"$ref": "#/components/schemas/Limits"},
              "model": {
                "type": "object",
                "required": ["engine", "name", "variant", "format", "sampleRate", "languages", "speakers", "clones"],
                "properties": {
                  "name": {"type": "string"},
                  "engine": {"type": "string"}, "variant": {"type": "string"},
                  "format": {"type": "string"},
                  "sampleRate": {"type": "integer"},
                  "languages": {"type": "array", "items": {"type": "string"}},
                  "speakers": {"type": "array", "items": {"type": "string"}},
                  "clones": {"type": "boolean"}
                }
              }
            }
          },
          "Limits": {
            "type": "object",
            "required": ["textCharacters", "uploadBytes", "clipSeconds", "sessions"],
            "properties": {
              "textCharacters": {"type": "integer"},
              "uploadBytes": {"type": "integer"},
              "sessions": {"type": "integer", "description": "connections that may be open at once"},
              "clipSeconds": {
                "type": "object",
                "required": ["least", "most", "bestFrom", "bestTo"],
                "properties": {
                  "least": {"type": "number"}, "most": {"type": "number"}, "bestFrom": {"type": "number"}, "bestTo": {"type": "number"}
                }
              }
            }
          },
          "VoiceChange": {
            "type": "object",
            "properties": {
              "name": {"type": "string", "maxLength": 100},
              "isDefault": {"const": true}
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
              "license": {"type": "string"},
              "gain": {"type": "number", "description": "dB by which it is louder than the others"},
              "speed": {"type": "number", "description": "for those who name no speed"}
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
