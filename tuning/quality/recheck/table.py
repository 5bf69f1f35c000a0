"""`CHECKS`: how the answers of each task are computed again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...questions.question import Question
from . import (
    bearings,
    boxes,
    captions,
    gatherings,
    layout,
    measures,
    motions,
    points,
    routes,
    sides,
    sight,
)
from .film import Film
from .finding import Finding


@dataclass(frozen=True)
class Check:
    """The second method of a task.

    Attributes:
        run: Computes and compares.
        method: In words.
    """

    run: Callable[[Film, Question], Finding]
    method: str


_DIRECTION = Check(bearings.direction, "turn of complex numbers between middles of meshes")
_FLOORS = Check(measures.floor_area, "triangles of the floors that rays straight down hit")
_ORDER = Check(sight.order, "first frames whose rays hit enough of a category")

CHECKS: dict[str, Check] = {
    "object_abs_distance": Check(measures.abs_distance, "gap of mesh vertices"),
    "object_rel_distance": Check(measures.rel_distance, "least gap of mesh vertices"),
    "camera_obj_distance": Check(measures.camera_distance, "last eye to the bounds of a mesh"),
    "object_rel_direction_easy": _DIRECTION,
    "object_rel_direction_medium": _DIRECTION,
    "object_rel_direction_hard": _DIRECTION,
    "object_counting": Check(sight.counting, "things that rays of frames hit"),
    "object_size_estimation": Check(measures.longest_side, "extent of vertices in body axes"),
    "object_shortest_side": Check(measures.shortest_side, "extent of vertices in body axes"),
    "object_height": Check(measures.height, "lowest to highest vertex"),
    "object_size_comparison": Check(measures.larger, "extents of vertices"),
    "room_size_estimation": _FLOORS,
    "house_size": _FLOORS,
    "room_count": Check(measures.room_count, "floors that rays straight down from cameras hit"),
    "largest_room": Check(measures.largest_room, "triangles of floors by kind of room"),
    "obj_appearance_order": _ORDER,
    "temporal_order": _ORDER,
    "relative_temporal_order": Check(sight.before, "first frames whose rays hit enough of both"),
    "was_seen": Check(sight.video_presence, "rays of all frames"),
    "route_planning": Check(routes.route, "turns between middles of meshes; rays along the walk"),
    "point_correspondence": Check(points.same_place, "rays through marks end at one place"),
    "object_correspondence": Check(points.same_object, "rays through marks hit one thing"),
    "camera_translation": Check(motions.translation, "parts of the way along camera axes"),
    "camera_turn": Check(motions.turn_side, "logarithm of the rotation between cameras"),
    "camera_turn_degrees": Check(motions.turn_degrees, "logarithm of the rotation"),
    "camera_distance_moved": Check(motions.moved, "from eye to eye"),
    "video_camera_motion": Check(motions.clip, "rotation and way of every step"),
    "views_rel_direction": _DIRECTION,
    "which_view": Check(bearings.which_view, "eye to vertices, heading to middle, on the plan"),
    "camera_facing": Check(bearings.facing, "turned heading to middles of meshes"),
    "object_from_other_view": Check(bearings.other_side, "observer placed by complex numbers"),
    "unseen_side": Check(sides.unseen_side, "rays aimed at the sides of a mesh"),
    "shown_side": Check(sides.shown_side, "rays aimed at the sides of a mesh"),
    "hidden_object": Check(sides.hidden, "rays aimed at vertices are stopped"),
    "room_round": Check(gatherings.around, "angles about the centre of a floor's triangles"),
    "object_between": Check(gatherings.between, "angles of complex numbers at middles of meshes"),
    "objects_total_views": Check(sight.total, "things that rays of views hit"),
    "depth_comparison_points": Check(points.point_order, "rays through marks"),
    "depth_order_objects": Check(points.object_order, "shortest rays that hit things"),
    "object_camera_distance": Check(points.object_distance, "shortest ray that hits a thing"),
    "point_depth": Check(points.point_depth, "ray through a mark"),
    "left_right_in_image": Check(layout.left_right, "columns of rays that hit things"),
    "above_below_in_image": Check(layout.above_below, "rows of rays that hit things"),
    "object_relation_3d": Check(layout.relation, "middles of meshes along the heading"),
    "on_top_of": Check(layout.on_top, "rays straight down from a thing"),
    "nearest_object_in_image": Check(measures.image_nearest, "least gap of mesh vertices"),
    "objects_distance_in_image": Check(measures.image_distance, "gap of mesh vertices"),
    "taller_in_image": Check(measures.image_taller, "lowest to highest vertex"),
    "object_box_3d": Check(boxes.boxes, "corners of mesh bounds in camera axes"),
    "object_at_point": Check(points.object_at, "ray through a mark"),
    "point_at_object": Check(points.point_on, "ray through the answered point"),
    "count_in_image": Check(sight.image_count, "things that rays hit"),
    "object_present": Check(sight.image_presence, "rays through the picture"),
    "scene_caption": Check(captions.image_caption, "every sentence, by rays"),
    "views_caption": Check(captions.views_caption, "every sentence, by rays and rotations"),
}
"""By task. A task that is not here is reported as not covered."""
